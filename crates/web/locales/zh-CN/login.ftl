# 登录
login-title = 登录
login-lead = 分两步：先输入账号和密码，再输入动态验证码。
login-name = 账号
login-name-hint = 账号不是身份证号码。
login-password = 密码
login-next = 下一步
login-public = 不用登录也可以查看
login-wrong = 账号或者密码不对，请重新输入
login-empty = 请输入账号和密码
login-locked = 尝试次数太多，请 { $minutes } 分钟后再试
code-title = 动态验证码
code-lead = 第二步：请打开手机上的验证器，输入当前显示的六位数字。
code-label = 六位验证码
code-hint = 每 30 秒更换一次，每个只能用一次。
code-submit = 登录
code-back = 换一个账号
code-wrong = 验证码不对或者已经用过，请输入当前显示的验证码
