# Pages of the officer
deliver-title = Deliver data
deliver-lead = Provider: { $organisation }
deliver-no-items = The catalogue names no item that your organisation provides.
deliver-item = Item
deliver-item-wrong = Choose an item from the list
deliver-file = File
deliver-file-hint = CSV (UTF-8 or GB18030) or XLSX, at most { $megabytes } MB. It is encrypted as it arrives.
deliver-file-empty = Choose the file to deliver
deliver-file-large = The file is too large. Split it and deliver the parts
deliver-file-broken = The upload broke off and nothing was stored. Please try again
deliver-check = Upload and check
deliver-next-title = What happens next
deliver-next = You see what the check found; nothing is recorded before you confirm. The same file twice has no second effect and gives the same receipt.
preview-title = What the check found
preview-file = File name
preview-form = Format
preview-header = Header version
preview-checked = Checked
preview-checked-rows = the first { $checked } of { $rows } rows; { $refused } of them cannot be taken
preview-form-unknown = not recognised
preview-refused-title = The file as a whole cannot be taken
preview-refused = Correct it as described below and deliver it again. Nothing has been recorded.
preview-file-faults = Faults of the file
preview-no-faults = No faults in the rows that were checked.
preview-faults = Rows with faults will not be recorded, all others will. Every fault is listed in the fault file of the receipt.
preview-first-faults =
    { $count ->
        [one] The first fault
       *[other] The first { $count } faults
    }
preview-confirm = Confirm the delivery
preview-other = Take another file
fault-place = Place
fault-code = Code
fault-count = Number
fault-what = What is wrong
fault-remedy = What to do
fault-whole-file = whole file
fault-line = line { $line }
fault-line-column = line { $line }, column { $column }
dropped-title = Columns that were not taken
dropped-lead = The law forbids collecting these columns. They were removed before anything was stored, and are kept nowhere:
unknown-columns = The headers of columns { $columns } are not known; these columns were not taken.
delivery-running-title = Taking it in
delivery-receipt-title = Receipt
delivery-refused-title = The file was not taken
delivery-refused = The file does not meet the requirements; nothing was recorded. Correct it as described below and deliver it again.
delivery-progress = Progress
delivery-rows = { $done } rows done
delivery-rows-of = { $done } of { $total } rows done
delivery-refreshes = This page reloads every 2 seconds; you may close it without harm.
delivery-pause = Stop reloading
delivery-paused = Reloading is stopped.
delivery-resume = Reload again
delivery-provider = Provider
delivery-received = Received
delivery-number = Delivery
delivery-state = State
delivery-state-running = Running
delivery-state-done = Done
delivery-state-refused = Not taken
delivery-no-faults = No faults were found.
delivery-faults-title = Faults by code
delivery-fault-file = Download the fault file (CSV)
delivery-receipt-file = Download the receipt (JSON)
delivery-back = All deliveries
counts-label = Rows by outcome
count-received = received
count-recorded = recorded
count-repeated = repeated
count-held = held
count-pending = for review
count-refused = refused
count-waiting = held or for review
counts-of-recorded = of the recorded ones { $corrected } corrections and { $withdrawn } withdrawals
held-title = Rows that are held or wait for a review
held-lead = These rows are kept encrypted and shown to nobody until their question is answered.
held-elsewhere =
    { $count ->
        [one] { $count } more row is not listed below: a question about it is in the fault file (Q01), and until it is delivered again complete it is in the person’s file without being shown to others; or it has been resolved since.
       *[other] { $count } more rows are not listed below: the questions about them are in the fault file (Q01), and until they are delivered again complete they are in the persons’ files without being shown to others; or they have been resolved since.
    }
held-line = Line
held-kind = State
held-why = Why, and what happens next
held-kind-held = held
held-kind-pending = for review
held-cut = Only the first { $count } rows are shown.
signature-title = Signature
signature-lead = The receipt is signed by this system (Ed25519); with the public key anybody can check that it was not altered.
signature-value = Signature
signature-key = Public key
deliveries-none = Nothing has been delivered yet.
deliveries-cut = Only the latest { $count } deliveries are shown.
reviews-lead = The system cannot tell whom these rows belong to; you decide. Until then they are shown to nobody.
reviews-none = Nothing waits for a review.
reviews-count =
    { $count ->
        [one] { $count } review.
       *[other] { $count } reviews, the oldest first.
    }
reviews-opened = Opened
reviews-why = Why it needs a review
reviews-from = From
reviews-delivery = delivery
review-title = Review one row
review-opened = opened { $at }
review-row = The row as delivered
review-register = The identity register
review-name = Name
review-document = Document number
review-none = no matching entry
candidates-title = Who this row could be
candidates-lead = A help for comparing with the original document, in the order in which to look. A candidate is not a match: only your decision attaches the row. This look is on record, under each person shown.
candidates-none = The identity register has nobody near this row.
candidates-decided-on = The decision below is about this person.
candidates-other = The row cannot be put in this person’s file here. If it is this person, send the row back and deliver it again with the number and name of the original document.
candidates-left-out =
    { $count ->
        [one] One more person fits as well and is not shown.
       *[other] { $count } more persons fit as well and are not shown.
    }
review-withheld = This text mentions other people and is not shown.
review-fields = Everything in this row ({ $count } fields)
review-decide = Decide
review-question = Does this row belong to the person in the register?
review-attach = It is the same person: put it in that person’s file
review-refuse = It is another person, or cannot be told: send it back to the provider
review-alias = The name was changed by law: confirm the delivered name as a former name of this person
review-reason = Reason
review-reason-hint = Write what you checked. The person can see the outcome; do not write about others.
review-reason-missing = Write down the reason
review-choice-missing = Choose one of the two decisions
review-nobody = The identity register does not know this number, so the row cannot be put in anybody’s file
review-too-young = The person was a minor then; the law forbids recording it. Send the row back
review-changed = Somebody else acted after you opened it. Look again before you decide
review-submit = Submit the decision
review-closed = This review is closed.
review-steps = History
review-step =
    { $state ->
        [open] opened
        [attached] attached to the person
        [refused] sent back
       *[other] { $state }
    }
review-back = All reviews
reconcile-lead = What arrived on a day, how its rows add up, what is still open, and what the provider says it sent.
reconcile-day = Day
reconcile-show = Show
reconcile-of = { $provider }, { $day }
reconcile-nothing = Nothing arrived on this day.
reconcile-sums = Rows by way of delivery
reconcile-door = Way
reconcile-total = all
reconcile-deliveries = Deliveries of the day
reconcile-open-title = Still open
reconcile-open-rows = Rows
door =
    { $door ->
        [service] pages or service
        [command_line] command line
        [file_drop] file drop
        [database_view] database view
       *[legacy] legacy platform
    }
reconcile-statement-title = What the provider says it sent
reconcile-statement-none = The provider has laid down no statement for this day.
reconcile-statement-unreadable = The provider’s statement for this day is there and cannot be read (RECONCILE-0001), so nothing is compared. It is a JSON list with item, sha256, rows and bytes.
reconcile-said-rows = Rows stated
reconcile-said-hash = SHA-256 stated
reconcile-not-said = not stated
reconcile-item-unknown = not in the catalogue
reconcile-agreement = Comparison
agreement =
    { $agreement ->
        [agrees] agrees
        [differs] differs
       *[missing] did not arrive
    }
reconcile-unannounced = Arrived, but not in the statement
reconcile-missing-title = Working days without a delivery
reconcile-missing-lead = On these working days of the last 30 days nothing arrived:
reconcile-no-calendar = The official calendar of these days is not entered yet, so nothing is said about them:
look-lead = Look one person up for the matter in hand. Each look-up is in the log first, and the person sees it; only the fields that this purpose needs are shown.
look-centre-lead = Look-ups whose result was not reported in time.
look-choose = Purpose
look-other-purpose = Another purpose
look-no-purpose = The catalogue has no purpose for your organisation.
look-matter = Matter number
look-matter-hint = A registered matter, such as { $example }
look-ground = Legal ground
look-kind = Kind of document
look-number = Document number
look-name = Name
look-name-hint = As in the document; there is a result only if number and name both agree
look-items = Items
look-told = The person sees: time, organisation, your handle, purpose, matter number, items and result.
look-submit = Look up
look-open = Look-ups to report on
look-overdue = Look-ups that are overdue
look-open-none = None.
look-is-overdue = overdue
look-is-due = due today
look-close-by = due { $day }
look-result = What came of it
look-not-used = not used
look-proceeding = a proceeding
look-proceeding-no = Number of the proceeding
look-close = Report
look-complaints = Look-ups that the person does not recognise
look-complaints-lead = Say why the look-up was made. The person sees your explanation.
look-answer-by = explain by { $day }
look-explain = Explanation
look-explain-submit = Send
look-fault-ground = Name the legal ground: document and article.
look-fault-matter-form = The matter number does not have the form of the example. Nobody was searched for.
look-fault-matter = No matter in hand has this number: register it, or check number, purpose and whether it is closed. Nobody was searched for.
look-fault-number = The form or check character of the number is wrong. Nobody was searched for.
look-fault-name = Fill in the name. Nobody was searched for.
look-fault-items = Choose at least one item. Nobody was searched for.
answer-title = Answer
answer-must-close = Report by { $day } what came of it: not used, or the number of the proceeding.
answer-no-decision = These are facts and no conclusion. Before any adverse decision the person is told the facts, reasons and basis and is heard, and a second official decides.
answer-nothing = Nothing to show. That does not say whether the person has a file.
answer-item-nothing = Nothing to show.
answer-disputed = The person disputes this record; it is being checked.
answer-receipt = Receipt
answer-receipt-lead = This look-up is in the log. Keep the receipt with the matter (you can print it).
answer-id = Look-up
answer-signature = Signature
answer-back = Back

# Emergencies
emergencies-lead = Only where life, health or property is in danger and no matter is registered. A second officer of your organisation grants it within { $grant } minutes; it ends by itself after { $minutes } minutes at most. The person is told at once, and every emergency is reviewed.
emergencies-none = No emergency waits for a second person, and none of yours lasts.
emergencies-minutes =
    { $minutes ->
        [one] For { $minutes } minute.
       *[other] For { $minutes } minutes.
    }
emergencies-lapses = Lapses at { $at }.
emergencies-lasts = It lasts until { $at }. In the look-up, this is the matter number:
emergencies-look-up = Look up in this emergency
emergencies-own = You asked for it: another officer must grant it.
emergencies-grant = Grant what { $login } asks for
emergencies-new = Ask for an emergency
emergencies-no-purpose = The catalogue names no purpose for which your organisation may look people up.
emergencies-purpose = Purpose
emergencies-reason = Reason
emergencies-words = Why it cannot wait
emergencies-number = Identity number of the person
emergencies-for = Minutes
emergencies-ask = Ask
emergency-reason-life-or-health = Life or health is in danger
emergency-reason-property = Property is in danger
emergency-reason-public-health = Emergency of public health
