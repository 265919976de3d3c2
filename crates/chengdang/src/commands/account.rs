//! `chengdang account`: the first administrators. There is no default account; these create the others on their pages.

use anyhow::{Context, anyhow};
use app::accounts::NewAccount;
use app::administrators;
use store::AccountKind;
use uuid::Uuid;

use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `account`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  chengdang account create system-admin --kind system_admin --staff-number A-10234\n  chengdang account list\n  chengdang account end system-admin"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Create an administrator's account; password and one-time-code secret are printed once
    Create {
        /// Login name: 3 to 32 of a-z, 0-9, dot and hyphen
        login: String,
        /// `system_admin`, `security_admin` or `audit_admin`
        #[arg(long)]
        kind: String,
        /// Staff number of whoever holds it; one human holds one account
        #[arg(long, value_name = "NUMBER")]
        staff_number: String,
    },
    /// List the accounts of officers and administrators
    List {
        /// Print JSON, one account a line
        #[arg(long)]
        json: bool,
    },
    /// End an account and its sessions, for good
    End {
        /// Login name
        login: String,
    },
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    match args.what {
        What::Create {
            login,
            kind,
            staff_number,
        } => {
            let kind = AccountKind::parse(&kind).with_context(|| format!("there is no kind of account {kind}"))?;
            let password = hex::encode(vault::random_bytes::<12>()?);
            let new = NewAccount {
                login: login.clone(),
                password: password.clone(),
                kind,
                organisation: None,
                identity: None,
                totp_secret: None,
                holder: Some(staff_number),
            };
            let created = administrators::create_first(&app, new)
                .await
                .map_err(|error| told(&error))?;
            output::line(format_args!("login     {login}\npassword  {password}"))?;
            output::line(format_args!(
                "one-time codes  {}\n                {}",
                created.totp_secret_base32, created.otpauth_url
            ))?;
        }
        What::List { json } => {
            for view in administrators::accounts_from_host(&app)
                .await
                .map_err(|error| told(&error))?
            {
                let (kind, since) = (view.kind.as_str(), view.created_at.local_text());
                let ended = view.ended_at.map(domain::Moment::local_text);
                if json {
                    let line = serde_json::json!({
                        "id": view.uuid, "login": view.login, "kind": kind, "created_at": since, "ended_at": ended
                    });
                    output::line(line)?;
                } else {
                    let ended = ended.map_or_else(String::new, |at| format!("  ended {at}"));
                    output::line(format_args!("{:<32} {kind:<15} {since}{ended}", view.login))?;
                }
            }
        }
        What::End { login } => {
            administrators::end_from_host(&app, &login)
                .await
                .map_err(|error| told(&error))?;
            output::line(format_args!("{login} has ended"))?;
        }
    }
    app::sequencer::run_once(&app, Uuid::nil()).await?;
    Ok(Exit::Done)
}

fn told(error: &app::AppError) -> anyhow::Error {
    anyhow!("{}: {error}", error.code())
}
