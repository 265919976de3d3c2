//! The registry of matters.

use async_trait::async_trait;
use domain::catalogue::PurposeId;
use domain::{Day, MatterNo, Moment, Uscc};
use rusqlite::{Connection, Row, params};
use store::{Matter, MatterId, MatterStore, NewMatter, NewMatterEvent, StoreError};

use crate::SqliteStore;
use crate::connection::{all, execute, first, uuid, word};
use crate::fault::{Fault, conflict, damaged};

#[async_trait]
impl MatterStore for SqliteStore {
    async fn register_matters(&self, matters: &[NewMatter]) -> Result<Vec<Matter>, StoreError> {
        let matters = matters.to_vec();
        self.write(move |connection| matters.iter().map(|new| register(connection, new)).collect())
            .await
    }

    async fn find_matter(&self, organisation: &Uscc, number: &MatterNo) -> Result<Option<Matter>, StoreError> {
        let (organisation, number) = (organisation.clone(), number.clone());
        self.read(move |connection| find(connection, &organisation, &number))
            .await
    }

    async fn find_matters(&self, organisation: &Uscc, numbers: &[MatterNo]) -> Result<Vec<Option<Matter>>, StoreError> {
        let (organisation, numbers) = (organisation.clone(), numbers.to_vec());
        self.read(move |connection| {
            // In the order of the index, so that each of its pages is touched once.
            let mut order: Vec<usize> = (0..numbers.len()).collect();
            order.sort_unstable_by_key(|place| numbers.get(*place));
            let mut found = vec![None; numbers.len()];
            let mut statement = connection.prepare_cached(include_str!("../sql/matter/find.sql"))?;
            for place in order {
                if let (Some(number), Some(slot)) = (numbers.get(place), found.get_mut(place)) {
                    let mut rows = statement.query(params![organisation.as_str(), number.as_str()])?;
                    *slot = rows.next()?.map(matter).transpose()?;
                }
            }
            Ok(found)
        })
        .await
    }

    async fn matters_of(&self, organisation: &Uscc, limit: u32) -> Result<Vec<Matter>, StoreError> {
        let organisation = organisation.clone();
        self.read(move |connection| {
            let sql = include_str!("../sql/matter/list_of_organisation.sql");
            all(connection, sql, params![organisation.as_str(), limit], matter)
        })
        .await
    }

    async fn append_matter_event(&self, event: &NewMatterEvent) -> Result<(), StoreError> {
        let event = event.clone();
        self.write(move |connection| append(connection, &event)).await
    }
}

fn register(connection: &Connection, new: &NewMatter) -> Result<Matter, Fault> {
    execute(
        connection,
        include_str!("../sql/matter/insert.sql"),
        params![
            new.uuid.as_bytes(),
            new.organisation.as_str(),
            new.matter_no.as_str(),
            new.purpose.as_str(),
            new.opened.to_epoch_days(),
            new.by.as_bytes(),
            new.at.0,
        ],
    )?;
    find(connection, &new.organisation, &new.matter_no)?.ok_or_else(|| damaged("a matter vanished"))
}

fn find(connection: &Connection, organisation: &Uscc, number: &MatterNo) -> Result<Option<Matter>, Fault> {
    let sql = include_str!("../sql/matter/find.sql");
    first(connection, sql, params![organisation.as_str(), number.as_str()], matter)
}

fn append(connection: &Connection, event: &NewMatterEvent) -> Result<(), Fault> {
    let sql = include_str!("../sql/matter_event/count.sql");
    let events = first(connection, sql, [event.matter.0], |row| Ok(row.get::<_, u32>(0)?))?.unwrap_or_default();
    if events != event.after_events {
        return Err(conflict("the matter has a newer event"));
    }
    execute(
        connection,
        include_str!("../sql/matter_event/insert.sql"),
        params![
            event.matter.0,
            events + 1,
            event.kind.as_str(),
            event.effective.to_epoch_days(),
            event.by.as_bytes(),
            event.at.0,
        ],
    )?;
    Ok(())
}

fn matter(row: &Row<'_>) -> Result<Matter, Fault> {
    let day = |days: i32| Day::from_epoch_days(days).map_err(|_| damaged("a stored day is out of range"));
    Ok(Matter {
        id: MatterId(row.get(0)?),
        uuid: uuid(row, 1)?,
        organisation: word(row, 2, |text| Uscc::parse(text).ok())?,
        matter_no: word(row, 3, |text| MatterNo::parse(text).ok())?,
        purpose: word(row, 4, |text| PurposeId::parse(text).ok())?,
        opened: day(row.get(5)?)?,
        registered_at: Moment(row.get(6)?),
        events: row.get(7)?,
        closed: row.get::<_, Option<i32>>(8)?.map(day).transpose()?,
    })
}
