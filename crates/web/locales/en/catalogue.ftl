# The public catalogue
catalogue-lead = This system takes only what the catalogue names. Each item states its basis, providers, disclosure and period. Nothing else is taken.
catalogue-version = Version of the catalogue:
catalogue-dropped = Columns that are never stored
catalogue-dropped-lead = Even where a delivered file has these columns, they are removed before anything is stored:
catalogue-refused = What is refused or held
element-item = Item
element-nature = Nature
element-subject = Identifier of the subject
element-subject-value = For natural persons the identity number or another identity document; stored only in encrypted form.
element-standard = Data standard
element-disclosure = Disclosure
element-period = Period
element-provider = Providers
disclosure-word-authorised = authorised queries
disclosure-word-shared = sharing between authorities
disclosure-join = , {""}
period-adverse = by class of the breach, never longer than { $months } months from the end of the act; the earliest end counts
period-valid = until it expires; where no end is stated, it is reviewed after { $months } months
period-months = { $months } months from the decision
providers-count =
    { $count ->
        [one] { $count } organisation
       *[other] { $count } organisations
    }
rank-law = law
rank-administrative-regulation = administrative regulation or judicial interpretation
rank-departmental-rule = departmental rule or national catalogue
rank-provincial-regulation = provincial regulation
basis-open = {" "}(article still to be checked)
item-basis = Basis of collecting it
item-source = Source:
item-in-force-from = For decisions from { $from } on
item-in-force-between = For decisions from { $from } to { $to }
item-fields = Fields
item-field = Name
item-field-code = Code
item-field-format = Format
item-field-required = Required
item-layouts = Header versions that are recognised:
item-back = All items
required-always = always
required-never = optional
required-when = in some cases
item-fields-count = { $count } fields
catalogue-purposes = What a look-up may be for
catalogue-purposes-lead = The list of purposes is closed: only where a statute says who shall look what up. Each look-up has a matter number, shows the fields named here and nothing else, and the person sees it.
catalogue-not-purposes = What nobody is looked up for
purpose-statute = Statute
purpose-askers = Who may ask
purpose-shows = What is shown
purpose-colon = :{" "}
purpose-matter = Form of the matter number
purpose-lock = When the person locked the file
purpose-lock-open = still looked up: the law orders the check
purpose-lock-stops = shown no more: no law orders the look-up
purpose-close = Afterwards
purpose-close-within = closed within { $days } working days: not used, or the number of the proceeding (a rule of this system, not a period of law)
