//! Reading the policies: every file checked, all of them or none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Effect, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Schema, ValidationMode,
    Validator,
};
use sha2::{Digest, Sha256};

use crate::PolicyError;
use crate::action::ACTIONS;
use crate::answers::Answers;
use crate::bundle::{Bundle, BundleError, Check};
use crate::error::REFUSALS_OF_POLICIES;

/// File name of the schema.
const SCHEMA_FILE: &str = "schema.cedarschema";

/// The policies of an installation, validated. Share them by `Arc`.
pub struct Policies {
    pub(crate) schema: Schema,
    /// Entity types of the schema by name.
    pub(crate) types: BTreeMap<String, EntityTypeName>,
    /// One set per action: the evaluator looks at every policy of the set it is given.
    pub(crate) actions: BTreeMap<&'static str, Arc<ActionPolicies>>,
    /// What was answered before, by these policies.
    pub(crate) answers: Answers,
    version: String,
    proof: Option<Arc<Bundle>>,
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policies({})", self.version)
    }
}

/// The policies of one action.
pub(crate) struct ActionPolicies {
    pub(crate) uid: EntityUid,
    pub(crate) set: PolicySet,
    pub(crate) notes: BTreeMap<PolicyId, Note>,
}

/// What a policy says of itself.
pub(crate) struct Note {
    pub(crate) article: String,
    pub(crate) reason: String,
    /// For a `forbid`: the code it refuses with.
    pub(crate) refusal: Option<&'static str>,
}

impl Policies {
    /// Reads the schema and one file per action from `directory`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if a file is missing, stray or not well formed, a policy does not validate strictly or can never
    /// apply, is about another action than its file, or lacks one of the annotations `@id`, `@article`, `@reason`, and
    /// `@refusal` where it forbids.
    pub fn load(directory: &Path) -> Result<Self, PolicyError> {
        let names = file_names(directory)?;
        let mut digest = Sha256::new();
        let mut read = |name: &str| {
            let path = directory.join(name);
            let text = fs::read_to_string(&path).map_err(|error| PolicyError::Io {
                path,
                kind: error.kind(),
            })?;
            for part in [name, &text] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
            Ok::<_, PolicyError>(text)
        };
        let schema = parse_schema(&read(SCHEMA_FILE)?)?;
        let types: BTreeMap<_, _> = schema
            .entity_types()
            .map(|name| (name.to_string(), name.clone()))
            .collect();
        let validator = Validator::new(schema.clone());
        let mut actions = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for (action, file) in ACTIONS {
            let policies = parse_file(action, file, &read(file)?)?;
            validate(&validator, file, &policies.set)?;
            for id in policies.notes.keys() {
                if !ids.insert(id.clone()) {
                    return Err(PolicyError::SharedId { policy: id.to_string() });
                }
            }
            actions.insert(action, Arc::new(policies));
        }
        let known = |name: &str| name == SCHEMA_FILE || ACTIONS.iter().any(|(_, file)| *file == name);
        if let Some(file) = names.into_iter().find(|name| !known(name)) {
            return Err(PolicyError::Stray { file });
        }
        Ok(Self {
            schema,
            types,
            actions,
            answers: Answers::default(),
            version: hex::encode(digest.finalize()),
            proof: None,
        })
    }

    /// The same policies, once `bundle` is found to prove the rights floor for them, signed by one of `keys` (hex). The server
    /// serves with nothing else.
    ///
    /// # Errors
    ///
    /// As [`Bundle::check`].
    pub fn proved_by(mut self, bundle: Bundle, keys: &[String], verify: Check<'_>) -> Result<Self, BundleError> {
        bundle.check(&self, keys, verify)?;
        self.proof = Some(Arc::new(bundle));
        Ok(self)
    }

    /// The proof that these policies keep the rights floor, if it was asked for.
    #[must_use]
    pub fn proof(&self) -> Option<&Bundle> {
        self.proof.as_deref()
    }

    /// The same policies, but for those of one action: what a change would do, for the prover and its tests.
    ///
    /// # Errors
    ///
    /// As [`Self::load`], for the file of that action.
    pub fn with_action(&self, action: &str, text: &str) -> Result<Self, PolicyError> {
        let found = ACTIONS.into_iter().find(|(name, _)| *name == action);
        let (action, file) = found.ok_or_else(|| PolicyError::Stray {
            file: action.to_owned(),
        })?;
        let policies = parse_file(action, file, text)?;
        validate(&Validator::new(self.schema.clone()), file, &policies.set)?;
        let mut digest = Sha256::new();
        for part in [&self.version, file, text] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut actions = self.actions.clone();
        actions.insert(action, Arc::new(policies));
        Ok(Self {
            schema: self.schema.clone(),
            types: self.types.clone(),
            actions,
            answers: Answers::default(),
            version: hex::encode(digest.finalize()),
            proof: None,
        })
    }

    /// The schema, for the prover.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The policies of one action, for the prover.
    #[must_use]
    pub fn set_of(&self, action: &str) -> Option<&PolicySet> {
        self.actions.get(action).map(|action| &action.set)
    }

    /// How many answers are kept.
    #[must_use]
    pub fn answers_kept(&self) -> usize {
        self.answers.len()
    }

    /// SHA-256 over names and contents of the files, hex: names this version in the log.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Ids and articles of all policies, in order, for whoever wants to see what rules.
    pub fn articles(&self) -> impl Iterator<Item = (String, &str)> {
        let notes = self.actions.values().flat_map(|action| &action.notes);
        notes.map(|(id, note)| (id.to_string(), note.article.as_str()))
    }
}

/// Names of the files that Cedar would read; others, such as a README, are none of its business.
fn file_names(directory: &Path) -> Result<BTreeSet<String>, PolicyError> {
    let failed = |error: std::io::Error| PolicyError::Io {
        path: directory.to_owned(),
        kind: error.kind(),
    };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("cedar" | "cedarschema")) {
            names.insert(name);
        }
    }
    Ok(names)
}

fn parse_schema(text: &str) -> Result<Schema, PolicyError> {
    let form = |message: String| PolicyError::Form {
        file: SCHEMA_FILE.to_owned(),
        message,
    };
    let (schema, warnings) = Schema::from_cedarschema_str(text).map_err(|error| form(error.to_string()))?;
    let warnings = warnings.map(|warning| warning.to_string()).collect::<Vec<_>>();
    if warnings.is_empty() {
        Ok(schema)
    } else {
        Err(form(warnings.join("; ")))
    }
}

fn parse_file(action: &'static str, file: &str, text: &str) -> Result<ActionPolicies, PolicyError> {
    let form = |message: String| PolicyError::Form {
        file: file.to_owned(),
        message,
    };
    let parsed = PolicySet::from_str(text).map_err(|error| form(error.to_string()))?;
    if parsed.num_of_templates() > 0 {
        return Err(form("a template has no place here".to_owned()));
    }
    let kind = EntityTypeName::from_str("Action").map_err(|error| form(error.to_string()))?;
    let uid = EntityUid::from_type_name_and_id(kind, EntityId::new(action));
    let mut notes = BTreeMap::new();
    let mut set = PolicySet::new();
    for policy in parsed.policies() {
        let (id, note) = annotations(file, policy)?;
        if policy.action_constraint() != ActionConstraint::Eq(uid.clone()) {
            return Err(PolicyError::OtherAction {
                file: file.to_owned(),
                policy: id,
                action,
            });
        }
        let id = PolicyId::new(id);
        set.add(policy.new_id(id.clone()))
            .map_err(|_| PolicyError::SharedId { policy: id.to_string() })?;
        notes.insert(id, note);
    }
    // A file that was emptied by mistake would refuse everybody without a word.
    if !set.policies().any(|policy| policy.effect() == Effect::Permit) {
        return Err(form("no policy in it permits anything".to_owned()));
    }
    Ok(ActionPolicies { uid, set, notes })
}

fn annotations(file: &str, policy: &Policy) -> Result<(String, Note), PolicyError> {
    let name = policy
        .annotation("id")
        .map_or_else(|| policy.id().to_string(), str::to_owned);
    let wrong = |what| PolicyError::Annotation {
        file: file.to_owned(),
        policy: name.clone(),
        what,
    };
    let text = |key: &str, what| {
        policy
            .annotation(key)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| wrong(what))
    };
    let id = text("id", "@id is missing")?;
    let article = text("article", "@article is missing")?;
    let reason = text("reason", "@reason is missing")?;
    let refusal = match (policy.effect(), policy.annotation("refusal")) {
        (Effect::Permit, None) => None,
        (Effect::Permit, Some(_)) => return Err(wrong("a permit has no @refusal")),
        (Effect::Forbid, None) => return Err(wrong("@refusal is missing")),
        (Effect::Forbid, Some(code)) => {
            let documented = REFUSALS_OF_POLICIES.into_iter().find(|known| *known == code);
            Some(documented.ok_or_else(|| wrong("its @refusal is not a documented code"))?)
        }
    };
    Ok((
        id,
        Note {
            article,
            reason,
            refusal,
        },
    ))
}

/// Strict, and a warning counts as an error: a policy that can never apply is a rule that somebody believes in.
fn validate(validator: &Validator, file: &str, set: &PolicySet) -> Result<(), PolicyError> {
    let result = validator.validate(set, ValidationMode::Strict);
    let errors = result.validation_errors().map(ToString::to_string);
    let warnings = result.validation_warnings().map(ToString::to_string);
    let mut found: Vec<String> = errors.chain(warnings).collect();
    found.sort();
    if result.validation_passed() && found.is_empty() {
        Ok(())
    } else {
        Err(PolicyError::Invalid {
            file: file.to_owned(),
            message: found.join("; "),
        })
    }
}
