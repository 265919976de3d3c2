# Pages of the resident
home-title = Hello, { $name }
home-lead = This is your own credit file. Besides you, only bodies that the law allows may look, each time with a stated reason, and every look is recorded.
home-records =
    { $count ->
        [one] { $count } record.
       *[other] { $count } records.
    }
home-held =
    { $count ->
        [one] { $count } of them is not verified yet and is shown to nobody.
       *[other] { $count } of them are not verified yet and are shown to nobody.
    }
home-notices =
    { $count ->
        [0] No new notices.
        [one] { $count } new notice.
       *[other] { $count } new notices.
    }
records-as-of = As of { $at } (Beijing time)
records-none-title = There are no records about you
records-none = As of { $at } this system holds no record about you at all. You can print this page.
records-count =
    { $count ->
        [one] { $count } record in all.
       *[other] { $count } records in all.
    }
records-print = Each says what, who said so, on what basis, until when it is available and who may see it.
records-group-count =
    { $count ->
        [one] { $count } record
       *[other] { $count } records
    }
records-about-item = the rules of this item
records-who = Said by
records-basis = Legal basis
records-since = Since
records-until = Available until, at the latest
records-seen-by = Who may see it
records-seen-by-nobody = At present only you.
records-class = Class of the breach
records-repair = Repair
records-repair-from = You can ask for repair from { $day } on. It is free.
records-all-fields =
    { $count ->
        [one] The other field
       *[other] The other { $count } fields
    }
records-received = Received
records-withheld = This text mentions other people. To protect them it is shown to nobody.
records-note-held = This record is not verified yet. It is shown to nobody and has no effect on you. Next: the provider has been asked for what is missing. Once it is complete and verified you will be told; if not, it never takes effect.
records-note-disputed = This record is disputed and being checked. Until there is an answer, every look-up says that it is disputed.
records-note-corrected = The provider corrected this record. The old content is shown to nobody.
records-note-withdrawn = The provider withdrew this record. It is shown to nobody.
records-note-repaired = This record has been repaired. It is shown to nobody.
records-note-ended = Its time is over. It is shown to nobody.
notices-no-period = Notices are here for you to read. No legal period runs from a notice that you have not opened or read; legal periods run only from service under the law or from the day you confirm.
notices-none = No notices.
notices-acknowledge =
    { $count ->
        [one] I have seen this new notice
       *[other] I have seen these { $count } new notices
    }
notices-see = See my records
notice-record-received = A new record about you was received
notice-record-held = A record about you was received; it is not verified yet and is shown to nobody
notice-record-confirmed = A record was verified and is now in force
notice-record-disputed = A record was marked as disputed
notice-record-dispute-ended = A dispute about a record was answered
notice-record-corrected = A record was corrected
notice-record-withdrawn = A record was withdrawn
notice-record-repaired = A record was repaired
notice-record-ended = A record has ended
notice-other = Something that concerns you has changed
notice-next-check = Please check it. If it is wrong you can object, free of charge.
notice-next-wait = You need not do anything; you will be told the result.
notice-next-none = Its old content is shown to nobody any more.
home-looks =
    { $count ->
        [0] Nobody else looked you up in the last 90 days.
        [one] Others looked you up once in the last 90 days.
       *[other] Others looked you up { $count } times in the last 90 days.
    }
looks-lead = Every look-up is here: when, which organisation, which official, why, at what, and what came of it. Look-ups that found no file or another name are among them.
looks-none = Nobody else has looked you up.
looks-at = When
looks-official = Official (handle)
looks-system = How
looks-system-yes = by the organisation’s own system, for a verified official
looks-purpose = Purpose
looks-statute = Statute
looks-ground = Ground named
looks-matter = Matter number
looks-items = Items asked for
looks-item =
    { $count ->
        [0] { $name }: nothing to show
        [one] { $name }: one record shown
       *[other] { $name }: { $count } records shown
    }
looks-closing = Afterwards
looks-closed-not-used = { $at }: not used
looks-closed-proceeding = { $at }: proceeding { $number }. Before any adverse decision you are told and heard.
looks-open = not yet reported, due { $day }
looks-outcome-own = your own look
looks-outcome-disclosed = records were shown
looks-outcome-nothing = nothing to show
looks-outcome-refused = not shown: locked, or the official is related
looks-outcome-unknown = unknown, treated as shown
looks-self = self
looks-own-records = Your own records
looks-own-notices = Your own notices
looks-own-looks = Who looked at you
looks-review = to check whether a waiting record is yours
looks-with-own = Show my own looks too
looks-without-own = Show the looks of others only
looks-withheld =
    { $count ->
        [one] One look-up is not shown yet, under a law; it appears by itself:
       *[other] { $count } look-ups are not shown yet, under a law; they appear by themselves:
    }
looks-withheld-until = on { $day }
looks-unknown = I don’t recognise this
looks-words = What you want to say (may be empty)
looks-complain = Send; the organisation has to explain
looks-complained = On { $at } you said that you do not recognise this; the organisation explains it by { $due }.
looks-explained = The organisation says:
looks-proof = Verify
looks-proof-how = The hash is SHA-256 over label, nonce and content, each after its length in eight bytes. If one byte was changed, the hash differs; the log holds the hash only.
looks-proof-label = Label
looks-proof-hash = Hash of the log entry
looks-compared = comparison of a list
looks-programme = Programme
looks-compared-open = told that there is something to open
looks-flag-open = { $name }: told to open the file by a look-up of its own; no fact was given
looks-flag-nothing = { $name }: nothing to show
looks-proof-path = Way to the log entry
looks-proof-nonce = Nonce
looks-proof-content = Content
looks-proof-erased = erased at the end of its time; the hash stands in the log
looks-older = Older ones
lock-is-open = Your records are not locked
lock-is-locked = Your records are locked
lock-lead = Locked, they are shown only where a law orders the look-up; every other look-up sees “nothing to show”. You can open them again at any time, at once.
lock-purposes = Which purposes a law orders
lock-lock = Lock my records
lock-open = Unlock
notices-emergency = Officers of { $organisation } were let look at your records in an emergency
notices-emergency-why = { $reason }; purpose: { $purpose }.
notices-emergency-until = From { $at } to { $until }. A review checks whether it was one.

# Checked in the browser
verify-title = Check these look-ups
verify-lead = Each look has a place in a public log in which nothing can be changed or deleted. Your browser can check by itself: what this page shows, its place in the log, the signature of the log and those of its witnesses.
verify-button = Check now
verify-save = Save the proofs (chengdang-verify checks them offline)
verify-busy = Checking…
verify-away = The proofs cannot be fetched now. Try again later.
verify-old = This browser lacks the signature that is needed (Ed25519). Use a newer one, or save the proofs and check them offline.
verify-good = It holds: all {"{holds}"} entries are in the public log of {"{size}"}, unchanged; {"{cosigned}"} of {"{witnesses}"} witnesses cosigned.
verify-alone = It holds: all {"{holds}"} entries are in the public log of {"{size}"}, unchanged. This log has no witnesses yet.
verify-cosign = Nothing on this page was changed, but only {"{cosigned}"} of the {"{needed}"} witnesses that are needed cosigned: it is not certain that others are shown the same log. Try again later; if it stays, save the proofs and tell the supervisor.
verify-nothing = There is nothing on this page to check.
verify-unpublished = The log has published nothing yet, so nothing can be checked. Load this page again in a few seconds.
verify-partly = The {"{holds}"} entries in the log hold; {"{waits}"} are so new that their place is not published yet. Load this page again in a few seconds.
verify-wrong = {"{wrong}"} entries do not hold. Save the proofs and tell the city's credit centre or its supervisor.
verify-signature = It does not hold: the log is not signed as it must be. Save the proofs and tell the supervisor.
verify-key = The log's key is not the one that this browser saw before. Before: {"{before}"} Now: {"{key}"} Compare it with the key that is published elsewhere; if no change was published, tell the supervisor.
verify-accept = I have compared the new key, and it is the published one
verify-forked = It does not hold: the log says something else of entries that this browser saw before, so it was rewritten. Save the proofs and tell the supervisor.
verify-shorter = It does not hold: the log is shorter than this browser saw it before, so something was deleted. Save the proofs and tell the supervisor.
verify-tag-holds = checked
verify-tag-waits = not in the log yet
verify-tag-content = content does not fit its hash
verify-tag-leaf = the log has another entry
verify-tag-tree = not in the log
verify-tag-form = the proof is malformed
verify-tag-shown = the page shows something else
