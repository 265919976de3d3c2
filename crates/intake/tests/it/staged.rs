//! Staged rows as bytes.

use intake::{Cleaned, StagedContent, StagedFault};

use crate::common::{Row, Sheet, penalty, with};

fn staged(row: &Row) -> StagedContent {
    match Sheet::penalties().clean(row) {
        Cleaned::Row(row, _) => StagedContent::Clean(row),
        Cleaned::Slip(slip, _) => StagedContent::Slip(slip),
        Cleaned::Refused(faults) => panic!("{faults:?}"),
    }
}

#[test]
fn staged_rows_come_back_as_they_were() {
    let changes: [&[(&'static str, &str)]; 6] = [
        &[],
        &[("CF_XDR_ZJHM", "370199198506070038")],
        &[("CF_XDR_ZJHM", "370199850607003")],
        &[("CF_XDR_MC", "阿 依・测试"), ("SJZT", "1"), ("CF_SXDJ", "")],
        &[("CF_XDR_ZJLX", "护照"), ("CF_XDR_ZJHM", "E12345678"), ("SJZT", "2")],
        &[("CF_SY", "联系电话13800000000"), ("CF_CFCX", ""), ("CF_XWZZRQ", "")],
    ];
    for change in changes {
        let before = staged(&with(penalty(), change));
        let after = StagedContent::from_bytes(&before.to_bytes()).unwrap();
        assert_eq!(before, after, "{change:?}");
        if let (StagedContent::Clean(before), StagedContent::Clean(after)) = (&before, &after) {
            // Equality of documents does not look at the mark of conversion.
            assert_eq!(before.document.is_converted(), after.document.is_converted());
            assert_eq!(before.name.expose(), after.name.expose());
        }
    }
}

#[test]
fn damaged_bytes_are_an_error_and_no_panic() {
    let bytes = staged(&penalty()).to_bytes();
    for end in 0..bytes.len() {
        assert_eq!(
            StagedContent::from_bytes(&bytes[..end]).err(),
            Some(StagedFault),
            "cut at {end}"
        );
    }
    assert!(StagedContent::from_bytes(&[&bytes[..], b"x"].concat()).is_err());
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        // Most are errors, some are another row; none panics.
        let _ = StagedContent::from_bytes(&damaged);
    }
}
