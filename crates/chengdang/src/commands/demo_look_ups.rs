//! Look-ups of the demonstration: matters in hand, and who looked at its residents, so that they see it.

use anyhow::anyhow;
use app::App;
use app::look_ups::{self, ClosingAsked, LookUpFault, Request};
use app::matters::{self, MatterEntry};
use domain::catalogue::PurposeId;
use domain::{MatterNo, Uscc};
use policy::{Caller, CallerKind, RegisterMatter};
use uuid::Uuid;

/// What the officer of the demonstration asks for.
const PURPOSE: &str = "PUR-PROCUREMENT";
const ITEMS: [&str; 2] = ["ITM-PENALTY", "ITM-TAX-BREACH"];

/// A resident who is looked up: document kind, number and name.
pub(crate) struct Person<'a> {
    pub(crate) kind: &'a str,
    pub(crate) number: &'a str,
    pub(crate) name: &'a str,
}

/// Whether an organisation may ask for the purpose of the demonstration.
pub(crate) fn asker(app: &App) -> Option<Uscc> {
    let purpose = PurposeId::parse(PURPOSE).ok()?;
    app.catalogue().purposes.get(&purpose)?.askers.first().cloned()
}

/// Registers matters and looks the residents up, each once.
pub(crate) async fn fill(app: &App, officer: Uuid, organisation: &Uscc, persons: &[Person<'_>]) -> anyhow::Result<()> {
    let caller = Caller {
        account: officer,
        kind: CallerKind::Officer,
        organisation: Some(organisation.clone()),
        second_factor: true,
        behind: None,
    };
    let question = RegisterMatter {
        organisation: organisation.clone(),
    };
    let permit = app.policies().decide(&caller, question)?;
    let today = app.clock().now().day();
    let number = |number: usize| format!("测采〔{}〕{}号", today.year(), 100 + number);
    let entries: Result<Vec<MatterEntry>, anyhow::Error> = (0..=persons.len() + 2)
        .map(|at| {
            Ok(MatterEntry {
                matter_no: MatterNo::parse(&number(at))?,
                purpose: PurposeId::parse(PURPOSE)?,
                opened: today,
                closed: None,
            })
        })
        .collect();
    matters::register(app, &permit, &entries?)
        .await
        .map_err(|error| anyhow!("{}: {error}", error.code()))?;
    for (at, person) in persons.iter().enumerate() {
        let first = ask(app, &caller, &number(at), person, &format!("demo-look-up-{at}")).await;
        let id = first.map_err(|fault| anyhow!("{}: {fault}", fault.code()))?;
        if at == 0 {
            // One is closed; a second one waits for its officer.
            let permit = app.policies().decide(&caller, look_ups::head(app, id).await?)?;
            match look_ups::close(app, &permit, ClosingAsked::NotUsed).await {
                Ok(_) | Err(LookUpFault::Closed) => {}
                Err(fault) => return Err(anyhow!("{}: {fault}", fault.code())),
            }
            let again = ask(app, &caller, &number(persons.len()), person, "demo-look-up-again").await;
            again.map_err(|fault| anyhow!("{}: {fault}", fault.code()))?;
        }
    }
    Ok(())
}

async fn ask(app: &App, caller: &Caller, matter_no: &str, person: &Person<'_>, key: &str) -> Result<Uuid, LookUpFault> {
    let request = Request {
        purpose: PURPOSE,
        legal_ground: "政府采购法 第二十二条、第二十三条",
        matter_no,
        document_kind: person.kind,
        document_number: person.number,
        name: person.name,
        items: &ITEMS.map(str::to_owned),
        key,
    };
    let (question, asked) = look_ups::prepare(app, caller, &request).await?;
    let permit = app
        .policies()
        .decide(caller, question)
        .map_err(|_| LookUpFault::Purpose)?;
    Ok(look_ups::look_up(app, &permit, &asked).await?.id)
}
