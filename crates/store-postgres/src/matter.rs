//! The registry of matters.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Day, MatterNo, Moment, Uscc};
use store::{Matter, MatterId, MatterStore, NewMatter, NewMatterEvent, StoreError};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::connection::{Parameter, all, commit, execute, first};
use crate::fault::{Fault, conflict, damaged};
use crate::value::{day, get, signed_small, small, word};

#[async_trait]
impl MatterStore for PostgresStore {
    async fn register_matters(&self, matters: &[NewMatter]) -> Result<Vec<Matter>, StoreError> {
        self.small(move || self.register(matters)).await
    }

    async fn find_matter(&self, organisation: &Uscc, number: &MatterNo) -> Result<Option<Matter>, StoreError> {
        let client = self.client().await?;
        let (organisations, numbers) = ([organisation.as_str()], [number.as_str()]);
        let sql = include_str!("../sql/matter/find_many.sql");
        Ok(first(&client, sql, &[&organisations.as_slice(), &numbers.as_slice()], matter).await?)
    }

    async fn find_matters(&self, organisation: &Uscc, numbers: &[MatterNo]) -> Result<Vec<Option<Matter>>, StoreError> {
        let client = self.client().await?;
        let organisations: Vec<&str> = numbers.iter().map(|_| organisation.as_str()).collect();
        let asked: Vec<&str> = numbers.iter().map(MatterNo::as_str).collect();
        let sql = include_str!("../sql/matter/find_many.sql");
        let found = all(&client, sql, &[&organisations, &asked], matter).await?;
        let mut found = found.into_iter().peekable();
        // They come in the order asked.
        let next = |number: &MatterNo| found.next_if(|matter| matter.matter_no == *number);
        Ok(numbers.iter().map(next).collect())
    }

    async fn matters_of(&self, organisation: &Uscc, limit: u32) -> Result<Vec<Matter>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/matter/list_of_organisation.sql");
        Ok(all(&client, sql, &[&organisation.as_str(), &i64::from(limit)], matter).await?)
    }

    async fn append_matter_event(&self, event: &NewMatterEvent) -> Result<(), StoreError> {
        self.small(move || self.append_to_matter(event)).await
    }
}

impl PostgresStore {
    async fn register(&self, matters: &[NewMatter]) -> Result<Vec<Matter>, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let uuids: Vec<Uuid> = matters.iter().map(|new| new.uuid).collect();
        let organisations: Vec<&str> = matters.iter().map(|new| new.organisation.as_str()).collect();
        let numbers: Vec<&str> = matters.iter().map(|new| new.matter_no.as_str()).collect();
        let purposes: Vec<&str> = matters.iter().map(|new| new.purpose.as_str()).collect();
        let opened: Vec<i32> = matters.iter().map(|new| new.opened.to_epoch_days()).collect();
        let accounts: Vec<Uuid> = matters.iter().map(|new| new.by).collect();
        let moments: Vec<i64> = matters.iter().map(|new| new.at.0).collect();
        let columns: &[Parameter<'_>] = &[
            &uuids,
            &organisations,
            &numbers,
            &purposes,
            &opened,
            &accounts,
            &moments,
        ];
        execute(&transaction, include_str!("../sql/matter/insert.sql"), columns).await?;
        let sql = include_str!("../sql/matter/find_many.sql");
        let stored = all(&transaction, sql, &[&organisations, &numbers], matter).await?;
        if stored.len() != matters.len() {
            return Err(damaged("a matter vanished"));
        }
        commit(transaction).await?;
        Ok(stored)
    }

    async fn append_to_matter(&self, event: &NewMatterEvent) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let sql = include_str!("../sql/matter_event/count.sql");
        let events = first(&transaction, sql, &[&event.matter.0], |row| small(row, 0)).await?;
        if events != Some(event.after_events) {
            return Err(conflict("the matter has a newer event"));
        }
        let row: &[Parameter<'_>] = &[
            &event.matter.0,
            &signed_small(i64::from(event.after_events) + 1)?,
            &event.kind.as_str(),
            &event.effective.to_epoch_days(),
            &event.by,
            &event.at.0,
        ];
        execute(&transaction, include_str!("../sql/matter_event/insert.sql"), row).await?;
        commit(transaction).await
    }
}

fn matter(row: &Row) -> Result<Matter, Fault> {
    let closed: Option<i32> = get(row, 8)?;
    let closed = closed.map(Day::from_epoch_days).transpose();
    Ok(Matter {
        id: MatterId(get(row, 0)?),
        uuid: get(row, 1)?,
        organisation: word(row, 2, |text| Uscc::parse(text).ok())?,
        matter_no: word(row, 3, |text| MatterNo::parse(text).ok())?,
        purpose: word(row, 4, |text| PurposeId::parse(text).ok())?,
        opened: day(row, 5)?,
        registered_at: Moment(get(row, 6)?),
        events: small(row, 7)?,
        closed: closed.map_err(|_| damaged("a stored day is out of range"))?,
    })
}
