# Signing in
login-title = Sign in
login-lead = Two steps: your account and password, then a one-time code.
login-name = Account
login-name-hint = The account is never an identity number.
login-password = Password
login-next = Continue
login-public = Open to everybody without signing in:
login-wrong = The account or the password is wrong. Please enter both again
login-empty = Enter your account and your password
login-locked = Too many attempts. Try again in { $minutes } minutes
code-title = One-time code
code-lead = Second step: open the authenticator on your phone and enter the six digits that it shows now.
code-label = Six-digit code
code-hint = It changes every 30 seconds and works once.
code-submit = Sign in
code-back = Use another account
code-wrong = The code is wrong or was used already. Enter the one shown now
