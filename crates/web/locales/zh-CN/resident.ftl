# 本人页面
home-title = { $name }，您好
home-lead = 这里是您本人的信用档案。除您本人外，只有法律允许的单位在说明事由后才能查看，每次查看都有记录。
home-records = 现有 { $count } 条。
home-held = 其中 { $count } 条尚未核实，暂不提供给任何人。
home-notices =
    { $count ->
        [0] 没有新的通知。
       *[other] 有 { $count } 条新的通知。
    }
records-as-of = 截至 { $at }（北京时间）
records-none-title = 没有您的记录
records-none = 截至 { $at }，本系统没有保存关于您的任何记录。您可以打印本页。
records-count = 共 { $count } 条记录。
records-print = 每一条都写明内容、谁提供、依据什么、提供到哪天、谁能看到。
records-group-count = { $count } 条
records-about-item = 这一事项的规定
records-who = 提供单位
records-basis = 法律依据
records-since = 起始日期
records-until = 最晚提供至
records-seen-by = 谁能看到
records-seen-by-nobody = 目前只有您本人。
records-class = 失信等级
records-repair = 信用修复
records-repair-from = 最早可以在 { $day } 申请修复，不收费。
records-all-fields = 查看其余 { $count } 项内容
records-received = 收到时间
records-withheld = 这段文字提到了其他人，为保护他人不予显示，也不提供给任何人。
records-note-held = 这条记录还没有核实完，目前不提供给任何人，对您没有影响。下一步：我们已请提供单位补充材料；补齐并核实后会通知您，补不齐就不会生效。
records-note-disputed = 对这条记录有异议，正在核查。在有结论之前，任何查询结果都会注明“有异议”。
records-note-corrected = 提供单位已更正这条记录，旧内容不再提供给任何人。
records-note-withdrawn = 提供单位已撤回这条记录，不再提供给任何人。
records-note-repaired = 已完成信用修复，不再提供给任何人。
records-note-ended = 保存期限已满，不再提供给任何人。
notices-no-period = 通知放在这里供您查看。没有打开或者没有读过的通知，不会开始计算任何法定期限；法定期限只从依法送达或者您确认之日起算。
notices-none = 没有通知。
notices-acknowledge =
    { $count ->
       *[other] 我已看过这 { $count } 条新通知
    }
notices-see = 查看我的记录
notice-record-received = 收到一条关于您的新记录
notice-record-held = 收到一条关于您的记录，尚未核实，暂不提供
notice-record-confirmed = 一条记录已核实，开始生效
notice-record-disputed = 一条记录已标注异议
notice-record-dispute-ended = 一条记录的异议已有结论
notice-record-corrected = 一条记录已更正
notice-record-withdrawn = 一条记录已撤回
notice-record-repaired = 一条记录已修复
notice-record-ended = 一条记录已到期
notice-other = 有一项与您有关的变化
notice-next-check = 请核对内容。如果有误，可以免费提出异议。
notice-next-wait = 您不需要做什么；有结果会再通知您。
notice-next-none = 这条记录的旧内容不再提供给任何人。
home-looks =
    { $count ->
        [0] 近 90 天没有其他人查询过您。
       *[other] 近 90 天其他人查询过您 { $count } 次。
    }
looks-lead = 每一次查询都在这里：什么时候、哪个单位、哪位经办人、为什么、看了什么、结果如何。没有您的档案、姓名不符的查询也在内。
looks-none = 没有其他人查询过您。
looks-at = 时间
looks-official = 经办人代号
looks-system = 方式
looks-system-yes = 由单位的业务系统发起，经办人已核实
looks-purpose = 用途
looks-statute = 法律依据
looks-ground = 查询时写明的依据
looks-matter = 办件编号
looks-items = 查询事项
looks-item =
    { $count ->
        [0] { $name }：没有可显示的记录
       *[other] { $name }：显示了 { $count } 条记录
    }
looks-closing = 查询之后
looks-closed-not-used = { $at } 登记：未使用
looks-closed-proceeding = { $at } 登记：已进入告知程序 { $number }。不利决定作出前，须先告知您并听取您的意见。
looks-open = 尚未登记，期限 { $day }
looks-outcome-own = 本人查看
looks-outcome-disclosed = 有记录被显示
looks-outcome-nothing = 没有可显示的记录
looks-outcome-refused = 没有显示：已锁定或者需要回避
looks-outcome-unknown = 结果不明，按已显示对待
looks-self = 本人
looks-own-records = 查看自己的记录
looks-own-notices = 查看自己的通知
looks-own-looks = 查看谁看过我
looks-review = 核对一条待核记录是不是您的
looks-with-own = 连同本人的查看一起显示
looks-without-own = 只显示其他人的查询
looks-withheld =
    { $count ->
       *[other] 依照法律规定，有 { $count } 次查询暂不显示，到期自动显示：
    }
looks-withheld-until = 至 { $day }
looks-unknown = 我不认可这次查询
looks-words = 想说明的（可以不填）
looks-complain = 提交，由查询单位说明
looks-complained = 您在 { $at } 提出不认可，查询单位应在 { $due } 前说明。
looks-explained = 单位的说明：
looks-proof = 核验
looks-proof-how = 哈希是对标签、随机数和内容（各自前面加上八字节长度）计算的 SHA-256。任何一个字节被改，哈希就不同；日志里只有哈希。
looks-proof-label = 标签
looks-proof-hash = 日志条目的哈希
looks-compared = 名单比对
looks-programme = 比对方案
looks-compared-open = 被告知有内容需另行查询
looks-flag-open = { $name }：提示另行单笔查询，未提供任何内容
looks-flag-nothing = { $name }：没有可显示的内容
looks-proof-path = 到日志条目的路径
looks-proof-nonce = 随机数
looks-proof-content = 内容
looks-proof-erased = 内容已到期删除，哈希仍在日志里
looks-older = 更早的
lock-is-open = 记录未锁定
lock-is-locked = 记录已锁定
lock-lead = 锁定后，只有法律规定必须查询的用途能看到您的记录，其他查询一律显示“没有可显示的记录”。随时可以解锁，马上生效。
lock-purposes = 哪些用途是法律规定必须查询的
lock-lock = 锁定我的记录
lock-open = 解除锁定
notices-emergency = { $organisation } 的经办人因紧急情况获准查询您的记录
notices-emergency-why = { $reason }；用途：{ $purpose }。
notices-emergency-until = { $at } 至 { $until }。是否确属紧急将另行复核。

# 在浏览器里核验
verify-title = 核验以下查询记录
verify-lead = 每次查询都在公开日志里占一个位置，写入后不能改、不能删。浏览器可以自己核对：本页所示内容、日志里的位置、日志的签名、见证方的签名。
verify-button = 现在核验
verify-save = 保存证明文件（可用 chengdang-verify 离线核验）
verify-busy = 正在核验……
verify-away = 暂时无法取得证明文件，请稍后再试。
verify-old = 这个浏览器不支持所需的签名算法（Ed25519），请换用新版浏览器，或保存证明文件离线核验。
verify-good = 核验通过：{"{holds}"} 条全部在公开日志（共 {"{size}"} 条）里，一字未改；{"{cosigned}"}/{"{witnesses}"} 个见证方已签名。
verify-alone = 核验通过：{"{holds}"} 条全部在公开日志（共 {"{size}"} 条）里，一字未改。此日志尚未设见证方。
verify-cosign = 本页内容未被改动，但需要 {"{needed}"} 个见证方签名，目前只有 {"{cosigned}"} 个，尚不能确认他人看到的是同一份日志。请稍后再试；仍然如此的，请保存证明文件，并向监督部门反映。
verify-nothing = 本页没有需要核验的内容。
verify-unpublished = 日志尚未发布，暂不能核验，请几秒后重新载入本页。
verify-partly = 已写入日志的 {"{holds}"} 条核验通过；另有 {"{waits}"} 条刚刚产生，几秒后重新载入本页再核验。
verify-wrong = 有 {"{wrong}"} 条核验不通过。请保存证明文件，并向市信用中心或监督部门反映。
verify-signature = 核验不通过：日志的签名不成立。请保存证明文件，并向监督部门反映。
verify-key = 日志的密钥与这个浏览器上次见到的不同。原密钥：{"{before}"} 现密钥：{"{key}"} 请与另行公布的密钥核对；如未公布更换，请向监督部门反映。
verify-accept = 已核对，新密钥与公布的一致
verify-forked = 核验不通过：日志对这个浏览器见过的内容说法不一，已被改写。请保存证明文件，并向监督部门反映。
verify-shorter = 核验不通过：日志比这个浏览器上次见到的短，已有内容被删。请保存证明文件，并向监督部门反映。
verify-tag-holds = 已核验
verify-tag-waits = 待写入日志
verify-tag-content = 内容与哈希不符
verify-tag-leaf = 日志里是另一条
verify-tag-tree = 不在日志里
verify-tag-form = 证明格式不对
verify-tag-shown = 页面与证明不符
