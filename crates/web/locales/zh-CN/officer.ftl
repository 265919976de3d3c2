# 经办人页面
deliver-title = 报送数据
deliver-lead = 报送单位：{ $organisation }
deliver-no-items = 目录里没有由本单位提供的事项。
deliver-item = 信息事项
deliver-item-wrong = 请从列表中选择信息事项
deliver-file = 文件
deliver-file-hint = CSV（UTF-8 或 GB18030）或 XLSX，最大 { $megabytes } MB。上传后全程加密保存。
deliver-file-empty = 请选择要报送的文件
deliver-file-large = 文件太大，请拆分后分批报送
deliver-file-broken = 上传中断了，文件没有保存，请再试一次
deliver-check = 上传并检查
deliver-next-title = 接下来
deliver-next = 先看检查结果，确认之后才入库。同一个文件报送两次，不会重复入库，得到的是同一份回执。
preview-title = 检查结果
preview-file = 文件名
preview-form = 格式
preview-header = 表头版本
preview-checked = 已检查
preview-checked-rows = 全文 { $rows } 行，已检查前 { $checked } 行，其中 { $refused } 行有问题不能入库
preview-form-unknown = 无法识别
preview-refused-title = 整个文件不能接收
preview-refused = 请按下面的说明改正后重新报送，现在没有任何数据入库。
preview-file-faults = 文件的问题
preview-no-faults = 已检查的行没有发现问题。
preview-faults = 有问题的行不会入库，其余各行照常入库；全部问题会列在回执的问题清单里。
preview-first-faults = 最先发现的 { $count } 个问题
preview-confirm = 确认报送
preview-other = 换一个文件
fault-place = 位置
fault-code = 代码
fault-count = 数量
fault-what = 问题
fault-remedy = 怎么改
fault-whole-file = 整个文件
fault-line = 第 { $line } 行
fault-line-column = 第 { $line } 行第 { $column } 列
dropped-title = 没有接收的列
dropped-lead = 下列各列依法不得归集，在保存之前已经去掉，任何地方都没有留存：
unknown-columns = 第 { $columns } 列的表头不认识，这些列没有接收。
delivery-running-title = 正在入库
delivery-receipt-title = 报送回执
delivery-refused-title = 整个文件未接收
delivery-refused = 文件不符合要求，没有任何数据入库。请按下面的说明改正后重新报送。
delivery-progress = 入库进度
delivery-rows = 已处理 { $done } 行
delivery-rows-of = 已处理 { $done } 行，共 { $total } 行
delivery-refreshes = 本页每 2 秒刷新一次；关掉页面不影响入库。
delivery-pause = 停止自动刷新
delivery-paused = 已停止自动刷新。
delivery-resume = 继续自动刷新
delivery-provider = 报送单位
delivery-received = 收到时间
delivery-number = 批次编号
delivery-state = 状态
delivery-state-running = 入库中
delivery-state-done = 已完成
delivery-state-refused = 未接收
delivery-no-faults = 没有发现问题。
delivery-faults-title = 问题汇总
delivery-fault-file = 下载问题清单（CSV）
delivery-receipt-file = 下载回执（JSON）
delivery-back = 全部批次
counts-label = 各类行数
count-received = 收到
count-recorded = 入库
count-repeated = 重复
count-held = 暂存待补
count-pending = 待人工核对
count-refused = 退回
count-waiting = 暂存与待核
counts-of-recorded = 入库中更正 { $corrected } 行、撤回 { $withdrawn } 行
held-title = 暂存和待核的行
held-lead = 这些行已加密暂存，不提供给任何人，直到下面的问题解决。
held-elsewhere = 另有 { $count } 行不在下面的清单里：有的已记入本人档案但暂不提供，每行的问题见问题文件（Q01），请补正后重新报送；有的已经办结。
held-line = 行
held-kind = 状态
held-why = 原因和下一步
held-kind-held = 暂存待补
held-kind-pending = 待人工核对
held-cut = 只显示最前面的 { $count } 行。
signature-title = 签名
signature-lead = 回执由本系统签名（Ed25519），可以用公钥核验内容没有被改动。
signature-value = 签名值
signature-key = 公钥
deliveries-none = 还没有报送过。
deliveries-cut = 只显示最近的 { $count } 批。
reviews-lead = 系统不能断定这些行属于谁，由您来决定。决定之前，它们不提供给任何人。
reviews-none = 没有待核的事项。
reviews-count = 共 { $count } 件，最早的在前。
reviews-opened = 提出时间
reviews-why = 为什么要核对
reviews-from = 来源
reviews-delivery = 批次
review-title = 核对一行数据
review-opened = 提出于 { $at }
review-row = 报送的行
review-register = 身份登记
review-name = 姓名
review-document = 证件号码
review-none = 没有对应的登记
candidates-title = 这一行可能是谁
candidates-lead = 供您对照决定书原件逐项核对，按建议的查看顺序排列。候选人不是匹配结果，只有您的决定才能归入档案。本次查看已记入日志，记在所列每个人名下。
candidates-none = 身份登记中没有与这一行相近的人员。
candidates-decided-on = 下面的决定针对此人。
candidates-other = 不能在这里归入此人的档案。如果是此人，请退回这一行，按原件上的号码和姓名改正后重新报送。
candidates-left-out = 另有 { $count } 人也相符，未列出。
review-withheld = 这段文字提到了其他人，不予显示。
review-fields = 这一行的全部内容（{ $count } 项）
review-decide = 作出决定
review-question = 这一行属于登记中的这个人吗？
review-attach = 是同一个人，归入此人的档案
review-refuse = 不是同一个人或者无法确定，退回报送单位
review-alias = 这是依法更改姓名：把报送的姓名确认为此人的曾用名
review-reason = 理由
review-reason-hint = 写明您核对了什么。本人可以看到处理结果，请不要写入他人的信息。
review-reason-missing = 请写明理由
review-choice-missing = 请选择一种决定
review-nobody = 身份登记中没有这个号码，不能归入任何人的档案
review-too-young = 此人在行为发生时未成年，依法不得归入档案，请退回报送单位
review-changed = 在您打开之后已有别人处理，请看过最新情况再决定
review-submit = 提交决定
review-closed = 这一件已经办结。
review-steps = 经过
review-step =
    { $state ->
        [open] 提出核对
        [attached] 决定归入档案
        [refused] 决定退回
       *[other] { $state }
    }
review-back = 全部待核事项
reconcile-lead = 某一天收到了什么、各行怎么处理、还有什么没有解决，以及报送单位自己说报了什么。
reconcile-day = 日期
reconcile-show = 查看
reconcile-of = { $provider }，{ $day }
reconcile-nothing = 这一天没有收到报送。
reconcile-sums = 按报送方式汇总的行数
reconcile-door = 报送方式
reconcile-total = 合计
reconcile-deliveries = 当天的批次
reconcile-open-title = 尚未解决
reconcile-open-rows = 行数
door =
    { $door ->
        [service] 页面或服务接口
        [command_line] 命令行
        [file_drop] 文件夹
        [database_view] 数据库视图
       *[legacy] 旧平台
    }
reconcile-statement-title = 报送单位的报送清单
reconcile-statement-none = 报送单位没有提供当天的报送清单。
reconcile-statement-unreadable = 报送单位当天的报送清单无法读取（RECONCILE-0001），没有进行比对。清单是一个 JSON 列表，含 item、sha256、rows、bytes。
reconcile-said-rows = 清单行数
reconcile-said-hash = 清单 SHA-256
reconcile-not-said = 未注明
reconcile-item-unknown = 目录里没有
reconcile-agreement = 比对结果
agreement =
    { $agreement ->
        [agrees] 一致
        [differs] 不一致
       *[missing] 没有收到
    }
reconcile-unannounced = 收到了，但清单里没有
reconcile-missing-title = 没有报送的工作日
reconcile-missing-lead = 最近 30 天里，下列工作日没有收到报送：
reconcile-no-calendar = 下列日期的官方日历还没有录入，不作判断：

# 紧急查询
emergencies-lead = 仅限生命健康或财产安全紧急、且没有登记办件时使用。须由本单位另一名经办人在 { $grant } 分钟内同意，最长 { $minutes } 分钟后自动终止。本人立即收到通知，每次紧急查询都要复核。
emergencies-none = 没有等待同意的紧急查询。
emergencies-minutes = 时长 { $minutes } 分钟。
emergencies-lapses = { $at } 前未同意即失效。
emergencies-own = 这是您本人申请的，须由另一名经办人同意。
emergencies-grant = 同意 { $login } 的申请
emergencies-new = 申请紧急查询
emergencies-no-purpose = 目录中没有您单位可以查询的用途。
emergencies-purpose = 用途
emergencies-reason = 理由
emergencies-words = 为何不能等待
emergencies-number = 被查询人身份证号码
emergencies-for = 分钟
emergencies-ask = 申请
emergency-reason-life-or-health = 生命健康紧急
emergency-reason-property = 财产安全紧急
emergency-reason-public-health = 突发公共卫生事件
