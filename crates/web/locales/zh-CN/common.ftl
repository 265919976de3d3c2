# 各页共用
site-name = 诚档
site-sub = 个人公共信用信息
skip = 跳到正文
demo-banner = 演示环境：人物、证件号码和记录均为虚构。
view-large = 大字版
view-normal = 标准字号
signed-in-as = 当前登录：
sign-in = 登录
sign-out = 退出
nav-label = 主要栏目
nav-new = 条新的
nav-home = 首页
nav-records = 我的记录
nav-notices = 我的通知
nav-deliveries = 归集批次
nav-deliver = 报送数据
nav-reviews = 待核事项
nav-reconciliation = 对账
nav-accounts = 账号
nav-systems = 业务系统
nav-acts = 操作记录
nav-emergencies = 紧急查询
nav-catalogue = 信息目录
error-prefix = 有误：
summary-title = 请先改正下面的问题
tag-new = 新
line = 第 { $line } 行
foot-not-bank = 这里不是中国人民银行征信中心的个人信用报告。
foot-bank-link = 查个人信用报告请到征信中心
foot-free = 信用修复免费，不收取任何费用。
foot-agents = 办理任何事项都不需要找中介代办；声称能花钱消除记录的，请勿相信。
foot-about = 收什么、凭什么收、留多久，都写在公开的
pager-label = 分页
pager-previous = 上一页
pager-next = 下一页
pager-place = 第 { $page } 页，共 { $pages } 页
pager-all = 全部显示（便于打印）
nature =
    { $nature ->
        [basic] 基础信息
        [adverse] 失信信息
       *[other] 其他信息
    }
nature-basic = 基础信息
nature-adverse = 失信信息
nature-other = 其他信息
disclosure-authorised = 经您本人授权的查询者
disclosure-shared = 依法履行职责、并说明事由的行政机关
unit-wan = 万元
class =
    { $class ->
        [minor] 轻微失信
        [general] 一般失信
       *[serious] 严重失信
    }
state =
    { $state ->
        [held] 暂不提供
        [usable] 有效
        [disputed] 有异议，核查中
        [corrected] 已更正
        [withdrawn] 已撤回
        [repaired] 已修复
        [ended] 已到期
       *[purged] 已删除
    }

# 错误页
error-code = 代码：
error-request = 请求编号（报修时请提供）：
error-home = 回到首页
error-not-found = 没有这个页面
error-not-found-text = 网址可能有误，或者内容不向您开放。
error-not-found-next = 请从首页重新进入。
error-method = 这个网址不能这样使用
error-method-text = 这个网址不接受这种请求方式。
error-method-next = 请从首页重新进入。
error-forbidden = 您的账号不能办理这一项
error-forbidden-text = 这一项由其他岗位办理，系统没有执行任何操作。
error-forbidden-next = 如果认为不对，请联系本单位的系统管理员。
error-csrf = 页面已失效
error-csrf-text = 为了您的安全，这次提交没有执行：表单已过期，或者不是从本站发出的。
error-csrf-next = 请返回上一页，刷新后再提交一次。
error-bad-request = 提交的内容不完整
error-bad-request-text = 系统读不懂这次提交，没有执行任何操作。
error-bad-request-next = 请返回上一页，核对后再提交。
error-too-large = 内容太大
error-too-large-text = 提交的内容超过了系统的上限，没有保存。
error-too-large-next = 请把文件拆分后分批报送；表格文件可以另存为 CSV 再报送。
error-media = 不支持这种文件
error-media-text = 只接受 CSV 和 XLSX 文件。
error-media-next = 请另存为 CSV（UTF-8 或 GB18030）或 XLSX 后再报送。
error-conflict = 已有别人先办理
error-conflict-text = 在您打开页面之后，这一项已经变了，您的提交没有执行。
error-conflict-next = 请重新打开，看过最新情况再决定。
error-many = 尝试次数太多
error-many-text = 为了您的安全，登录暂时停用。
error-many-next = 请稍后再试；忘记密码请到政务服务大厅信用窗口办理。
error-busy = 系统暂时忙
error-busy-text = 这次操作没有执行。
error-busy-next = 请过一会儿再试。
error-full = 系统存储空间不足
error-full-text = 这次操作没有执行；之前已接收的数据没有丢失。
error-full-next = 系统已通知运维人员，请稍后再试。
error-internal = 系统出错
error-internal-text = 这次操作可能没有完成，问题已经记录。
error-internal-next = 请稍后再试；仍然不行，请把下面的请求编号告诉我们。
error-sign-in = 请先登录
error-sign-in-text = 办理这一项需要登录。
error-sign-in-next = 登录后请重新打开这个页面。
error-look-up = 查询条件不对
error-look-up-text = 用途、办件编号、证件、姓名或者事项有误，没有查询任何人。
error-look-up-next = 按提示改正后再试。
error-limit = 到了查询限额
error-limit-text = 今天可以查询的不同人数已用完。已记录并报警，没有查询任何人。
error-limit-next = 请与本单位负责人和市信用中心联系。
nav-looks = 谁看过我
nav-look-up = 查询
