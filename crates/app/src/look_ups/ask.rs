//! The caller's side: form, check character, purpose, items, matter. Nobody is searched for here (R12).

use domain::catalogue::{ItemId, Purpose, PurposeId};
use domain::{Day, DocumentKind, IdentityDocument, MatterNo, Name};
use policy::{Caller, LookUp, LookUpAsked, Refusal};
use store::{AlarmKind, Matter};
use uuid::Uuid;

use super::{Asked, LookUpFault, Request};
use crate::{App, emergencies};

/// Characters of a legal ground.
const GROUND_CHARS: std::ops::RangeInclusive<usize> = 4..=200;
/// Characters of an idempotency key.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 8..=100;
/// The refusal for want of a matter in hand.
const NO_MATTER: &str = "POLICY-0204";

/// Checks what a caller wrote and makes the question for the policies. Only the registry of matters is read.
///
/// # Errors
///
/// [`LookUpFault`] for the first thing that is wrong with the request itself.
pub async fn prepare(app: &App, caller: &Caller, request: &Request<'_>) -> Result<(LookUp, Asked), LookUpFault> {
    let id = PurposeId::parse(request.purpose).map_err(|_| LookUpFault::Purpose)?;
    let purpose = app.catalogue().purposes.get(&id).ok_or(LookUpFault::Purpose)?;
    let ground = request.legal_ground.trim();
    if !GROUND_CHARS.contains(&ground.chars().count()) || ground.chars().any(char::is_control) {
        return Err(LookUpFault::Ground);
    }
    let (matter_no, emergency) = matter_or_emergency(purpose, request.matter_no)?;
    let document = document(app, request.document_kind, request.document_number)?;
    let name = Name::parse(request.name).map_err(|_| LookUpFault::Name)?;
    let items = items(app, request.items)?;
    check_key(request.key)?;
    let matter = match (&caller.organisation, emergency) {
        (Some(organisation), None) => app.store().find_matter(organisation, &matter_no).await?,
        _ => None,
    };
    let matter_in_hand = match emergency {
        Some(emergency) => emergencies::is_in_hand(app, caller, emergency, &id, &document).await?,
        None => is_in_hand(purpose, matter.as_ref(), app.now().day()),
    };
    let asked = LookUpAsked {
        items: items.clone(),
        matter_in_hand,
        names_legal_ground: true,
    };
    let question = LookUp::of(purpose, asked);
    let asked = Asked {
        purpose: id,
        ground: ground.to_owned(),
        matter_no,
        matter,
        document,
        name,
        items,
        key: request.key.to_owned(),
    };
    Ok((question, asked))
}

/// A matter number of the form of the purpose, or that of an emergency, with the emergency.
fn matter_or_emergency(purpose: &Purpose, text: &str) -> Result<(MatterNo, Option<Uuid>), LookUpFault> {
    let number = MatterNo::parse(text).map_err(|_| LookUpFault::MatterNo)?;
    match number.emergency() {
        Some(emergency) => Ok((number, Some(emergency))),
        None => Ok((matter_no(purpose, text)?, None)),
    }
}

/// A matter number of the form of the purpose.
pub(crate) fn matter_no(purpose: &Purpose, text: &str) -> Result<MatterNo, LookUpFault> {
    let number = MatterNo::parse(text).map_err(|_| LookUpFault::MatterNo)?;
    if purpose.matter.as_ref().is_some_and(|form| !form.fits(&number)) {
        return Err(LookUpFault::MatterNo);
    }
    Ok(number)
}

/// A document whose number holds.
pub(crate) fn document(app: &App, kind: &str, number: &str) -> Result<IdentityDocument, LookUpFault> {
    let kind = DocumentKind::parse(kind.trim()).ok_or(LookUpFault::DocumentKind)?;
    let document = IdentityDocument::parse(kind, number.trim()).map_err(|_| LookUpFault::DocumentNumber)?;
    if document.is_test_area() && !app.settings().allow_test_area {
        return Err(LookUpFault::DocumentNumber);
    }
    Ok(document)
}

/// The form of an idempotency key.
pub(crate) fn check_key(key: &str) -> Result<(), LookUpFault> {
    if KEY_CHARS.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(LookUpFault::Key)
    }
}

/// Whether a matter is in hand for a purpose. Where a purpose needs no registration, the form of its number says that there is
/// a matter; one that is registered as closed or for another purpose is none all the same.
pub(crate) fn is_in_hand(purpose: &Purpose, matter: Option<&Matter>, today: Day) -> bool {
    let is_registered = matter.is_some_and(|matter| matter.purpose == purpose.id && matter.is_in_hand(today));
    let by_form = purpose.matter.as_ref().is_some_and(|form| !form.is_registered()) && matter.is_none();
    is_registered || by_form
}

/// Each item once, all known to the catalogue. Whether the purpose has them is for the policies to say.
pub(crate) fn items(app: &App, asked: &[String]) -> Result<Vec<ItemId>, LookUpFault> {
    let mut items = Vec::with_capacity(asked.len());
    for id in asked {
        let id = ItemId::parse(id).map_err(|_| LookUpFault::Items)?;
        if items.contains(&id) || !app.catalogue().items.contains_key(&id) {
            return Err(LookUpFault::Items);
        }
        items.push(id);
    }
    if items.is_empty() {
        Err(LookUpFault::Items)
    } else {
        Ok(items)
    }
}

/// Notes that the policies refused a look-up: who asks again and again without a matter in hand raises an alarm (AB-09).
pub async fn note_refusal(app: &App, caller: &Caller, refusal: &Refusal) {
    if refusal.code() == NO_MATTER && app.limits().is_matterless_again(caller, app.now().day()) {
        super::limits::raise(app, AlarmKind::Matterless, caller, None, None).await;
    }
}
