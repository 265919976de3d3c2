# Shared by all pages
site-name = Chengdang
site-sub = Personal public credit records
skip = Skip to the content
demo-banner = Demonstration: all persons, numbers and records are invented.
view-large = Large type
view-normal = Normal type
signed-in-as = Signed in:
sign-in = Sign in
sign-out = Sign out
nav-label = Main sections
nav-new = new
nav-home = Home
nav-records = My records
nav-notices = My notices
nav-deliveries = Deliveries
nav-deliver = Deliver data
nav-reviews = Reviews
nav-reconciliation = Reconciliation
nav-accounts = Accounts
nav-systems = Systems
nav-acts = Acts
nav-emergencies = Emergencies
nav-catalogue = Catalogue
error-prefix = Error: {""}
summary-title = Please correct this first
tag-new = New
line = line { $line }
foot-not-bank = This is not the personal credit report of the People’s Bank of China.
foot-bank-link = For that report, go to the Credit Reference Center
foot-free = Credit repair is free of charge.
foot-agents = You need no agent for anything here. Do not believe anyone who offers to remove records for money.
foot-about = What is collected, on what basis and for how long is written in the public
pager-label = Pages
pager-previous = Previous
pager-next = Next
pager-place = Page { $page } of { $pages }
pager-all = Show all (to print)
nature =
    { $nature ->
        [basic] Basic
        [adverse] Adverse
       *[other] Other
    }
nature-basic = Basic
nature-adverse = Adverse
nature-other = Other
disclosure-authorised = Those whom you yourself authorise
disclosure-shared = Authorities on statutory duty that state their reason
unit-wan = ten thousand yuan
class =
    { $class ->
        [minor] Minor
        [general] General
       *[serious] Serious
    }
state =
    { $state ->
        [held] On hold
        [usable] In force
        [disputed] Disputed, being checked
        [corrected] Corrected
        [withdrawn] Withdrawn
        [repaired] Repaired
        [ended] Ended
       *[purged] Deleted
    }

# Error pages
error-code = Code:
error-request = Request number (please give it when you report this):
error-home = Back to the home page
error-not-found = There is no such page
error-not-found-text = The address may be wrong, or its content is not open to you.
error-not-found-next = Please start again from the home page.
error-method = This address cannot be used like this
error-method-text = It does not take this kind of request.
error-method-next = Please start again from the home page.
error-forbidden = Your account cannot do this
error-forbidden-text = This belongs to another role. Nothing was done.
error-forbidden-next = If you think this is wrong, ask the administrator of your organisation.
error-csrf = The page has expired
error-csrf-text = For your safety nothing was done: the form is out of date, or was not sent from this site.
error-csrf-next = Go back, reload the page and submit again.
error-bad-request = The submission is incomplete
error-bad-request-text = It could not be read, and nothing was done.
error-bad-request-next = Go back, check it and submit again.
error-too-large = Too large
error-too-large-text = The submission is over the limit and was not stored.
error-too-large-next = Split the file and deliver the parts; a spreadsheet can be saved as CSV.
error-media = This kind of file is not accepted
error-media-text = Only CSV and XLSX files are accepted.
error-media-next = Save it as CSV (UTF-8 or GB18030) or XLSX and deliver it again.
error-conflict = Somebody else was first
error-conflict-text = This changed after you opened the page, so your submission was not carried out.
error-conflict-next = Open it again and decide on what it shows now.
error-many = Too many attempts
error-many-text = For your safety, signing in is paused.
error-many-next = Try again later. If you forgot your password, go to the credit desk of the service hall.
error-busy = The system is busy
error-busy-text = Nothing was done.
error-busy-next = Please try again in a moment.
error-full = There is no room for it now
error-full-text = Nothing was done. What was taken in before is safe.
error-full-next = The operator has been told. Please try again later.
error-internal = Something went wrong
error-internal-text = This may not have been completed. The fault has been noted.
error-internal-next = Try again later. If it stays, tell us the request number below.
error-sign-in = Please sign in
error-sign-in-text = You need to be signed in for this.
error-sign-in-next = Sign in, then open this page again.
error-look-up = The look-up is not in order
error-look-up-text = Purpose, matter number, document, name or items are wrong. Nobody was searched for.
error-look-up-next = Correct it and try again.
error-limit = The limit is reached
error-limit-text = No more persons can be looked up today. An alarm was raised. Nobody was searched for.
error-limit-next = Speak to your supervisor and to the credit centre.
nav-looks = Who looked
nav-look-up = Look up
