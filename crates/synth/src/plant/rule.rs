//! Plants that a rule of the catalogue refuses or holds.

use domain::catalogue::FieldRole;

use super::{Bed, Draft, push, set};
use crate::stream::Stream;
use crate::truth::Outcome;

impl Bed<'_> {
    pub(super) fn refused_text(&self, role: FieldRole, text: &str, draft: &mut Draft) -> bool {
        let Some(at) = self.at(role) else { return false };
        set(draft, at, text);
        self.refuse(draft, "E13", Some(at));
        true
    }

    pub(super) fn forbidden_text(&self, draft: &mut Draft, stream: &mut Stream) -> bool {
        let Some(at) = self.free_text(stream) else { return false };
        let text = stream.pick(&[
            "，多次越级上访",
            "，在网上发表不当言论",
            "，诚信积分扣减十分",
            "，违法生育二孩",
        ]);
        push(draft, at, text);
        self.refuse(draft, "E13", Some(at));
        true
    }

    pub(super) fn item_refusal(&self, draft: &mut Draft) -> bool {
        match self.plan.item.id.as_str() {
            "ITM-PENALTY" | "ITM-PERMIT" | "ITM-HONOUR" => self.refused_text(FieldRole::UpstreamState, "撤销", draft),
            "ITM-COURT-DEFAULTER" => self.refused_text(FieldRole::Fulfilment, "全部履行", draft),
            "ITM-VOLUNTEER" => self.refused_text(FieldRole::ConsentFlag, "否", draft),
            "ITM-COMMITMENT" => self.refused_text(FieldRole::Fulfilment, "违诺", draft),
            _ => false,
        }
    }

    pub(super) fn item_hold(&self, draft: &mut Draft) -> bool {
        let (role, text) = match self.plan.item.id.as_str() {
            "ITM-PENALTY" if self.at(FieldRole::UpstreamState).is_none() => {
                let Some(at) = self
                    .columns
                    .iter()
                    .position(|column| column.spec.is_some_and(|spec| &*spec.code.0 == "CF_SY"))
                else {
                    return false;
                };
                push(draft, at, "，案发后主动消除危害后果");
                // Stated, it would be answered.
                if let Some(stated) = self.at(FieldRole::HarmRemoved) {
                    set(draft, stated, "");
                }
                draft.outcome = Outcome::Held;
                return true;
            }
            "ITM-PENALTY" | "ITM-PERMIT" => (FieldRole::UpstreamState, "异议"),
            "ITM-VOLUNTEER" => (FieldRole::ConsentFlag, ""),
            "ITM-COMMITMENT" => {
                let Some(at) = self.at(FieldRole::BreachDecisionNo) else {
                    return false;
                };
                let number = format!("测违诺认字〔2026〕{}号", draft.fact.serial);
                set(draft, at, &number);
                if !self.held(FieldRole::Fulfilment, "违诺", draft) {
                    return false;
                }
                draft.outcome = Outcome::Pending;
                draft.explanation = "RUL-COMMITMENT-BROKEN";
                return true;
            }
            _ => return false,
        };
        self.held(role, text, draft)
    }

    pub(super) fn held(&self, role: FieldRole, text: &str, draft: &mut Draft) -> bool {
        let Some(at) = self.at(role) else { return false };
        set(draft, at, text);
        draft.outcome = Outcome::Held;
        true
    }

    pub(super) fn held_empty(&self, role: FieldRole, draft: &mut Draft) -> bool {
        self.held(role, "", draft)
    }

    pub(super) fn small_fine(&self, draft: &mut Draft) -> bool {
        if self.at(FieldRole::FineAmount).is_none() || draft.fact.fine_yuan == 0 {
            return false;
        }
        draft.fact.fine_yuan = 150;
        self.rewrite(draft);
        self.held_empty(FieldRole::Procedure, draft)
    }
}
