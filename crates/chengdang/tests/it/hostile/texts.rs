//! Hostile text files.

use super::{Case, Outcome, Sound};

/// A column of free text.
const FACT: &str = "违法事实";

#[expect(clippy::too_many_lines, reason = "a list of files")]
pub(super) fn all(sound: &Sound) -> Vec<Case> {
    use Outcome::{File, Header, Row, Taken};
    let mut cases = Vec::new();
    let mut add = |name, bytes: Vec<u8>, outcome| cases.push(Case::new(name, "csv", bytes, outcome));
    let head = sound.head();
    let row = sound.line(&[]);
    let with = |rest: &[u8]| [head.as_bytes(), rest].concat();
    let gb18030 = encoding_rs::GB18030.encode(&head).0.into_owned();
    let utf16 = |little: bool| -> Vec<u8> {
        let units = head.encode_utf16();
        units
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    };
    add("nothing", Vec::new(), File("INTAKE-0001"));
    add("a-mark-and-nothing", b"\xef\xbb\xbf".to_vec(), File("INTAKE-0001"));
    add("five-million-empty-lines", vec![b'\n'; 5 << 20], File("INTAKE-0001"));
    add(
        "two-marks",
        [b"\xef\xbb\xbf\xef\xbb\xbf", head.as_bytes(), row.as_bytes()].concat(),
        Taken(1),
    );
    add("nul-at-once", with(b"a\0b\n"), File("INTAKE-0002"));
    add(
        "nul-behind-what-is-looked-at-first",
        with((row.repeat((128 << 10) / row.len()) + &sound.line(&[(FACT, "a\0b")])).as_bytes()),
        Row("E03"),
    );
    add(
        "a-picture",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
        File("INTAKE-0002"),
    );
    add(
        "a-packed-stream",
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(),
        File("INTAKE-0002"),
    );
    add(
        "utf-16-little-end-first",
        [&[0xff, 0xfe][..], &utf16(true)].concat(),
        File("INTAKE-0003"),
    );
    add(
        "utf-16-big-end-first",
        [&[0xfe, 0xff][..], &utf16(false)].concat(),
        File("INTAKE-0003"),
    );
    add(
        "utf-16-without-a-mark",
        [utf16(true), vec![b'a', 0]].concat(),
        File("INTAKE-0002"),
    );
    add(
        "utf-32",
        [&[0, 0, 0xfe, 0xff][..], &[0, 0, 0, b'a']].concat(),
        File("INTAKE-0002"),
    );
    add(
        "utf-8-then-gb18030",
        with(&[&b"x\n".repeat(1 << 16)[..], &gb18030].concat()),
        File("INTAKE-0005"),
    );
    add(
        "gb18030-then-utf-8",
        [&gb18030[..], "x,测试甲\u{10ffff}\n".as_bytes()].concat(),
        File("INTAKE-0005"),
    );
    add(
        "gb18030-cut-after-one-byte",
        [&gb18030[..], b"\xb2\xe2\xca"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "gb18030-cut-after-three-bytes",
        [&gb18030[..], b"\x81\x30\x81"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "gb18030-of-four-bytes-past-the-end",
        [&gb18030[..], b"\xe3\x32\x9a\x36\n"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "gb18030-of-four-bytes-nowhere",
        [&gb18030[..], b"\xfe\x39\xfe\x39\n"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "utf-8-too-long-by-a-byte",
        [b"\xef\xbb\xbf", head.as_bytes(), b"\xc0\xaf\n"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "utf-8-of-half-a-character",
        [b"\xef\xbb\xbf", head.as_bytes(), b"\xed\xa0\x80\n"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "utf-8-cut-off",
        [b"\xef\xbb\xbf", head.as_bytes(), b"\xe6\xb5"].concat(),
        File("INTAKE-0005"),
    );
    add(
        "a-quote-that-never-ends",
        with(&[b"\"", &b"x,\n".repeat(3 << 20)[..]].concat()),
        File("INTAKE-0006"),
    );
    add("a-short-quote-that-never-ends", with(b"\"x\ny\n"), File("INTAKE-0007"));
    add(
        "a-line-of-eight-megabytes",
        with(&vec![b'a'; 8 << 20]),
        File("INTAKE-0006"),
    );
    add(
        "a-million-columns-of-text",
        with(&vec![b','; 1_000_000]),
        File("INTAKE-0008"),
    );
    add(
        "a-header-of-a-million-columns",
        vec![b','; 1_000_000],
        File("INTAKE-0008"),
    );
    let raw = |text: &str| with(sound.line(&[(FACT, "HERE")]).replace("HERE", text).as_bytes());
    add("quotes-in-the-middle", raw("a\"b\"c"), Taken(1));
    add("a-text-behind-a-quoted-one", raw("\"d\"e"), Taken(1));
    add(
        "carriage-returns-alone",
        format!("{head}{row}{row}").replace('\n', "\r").into_bytes(),
        Taken(2),
    );
    let mut cell = |name, text: &str, outcome| add(name, with(sound.line(&[(FACT, text)]).as_bytes()), outcome);
    cell("bidi-override", "测试\u{202e}甲", Row("E03"));
    cell("bidi-isolate", "\u{2066}x\u{2069}y", Row("E03"));
    cell("a-mark-of-direction", "测试\u{200f}甲", Row("E03"));
    cell("separators-of-unicode", "x\u{2028}y\u{2029}z", Taken(1));
    cell("a-next-line-of-unicode", "x\u{85}z", Row("E03"));
    cell("a-lost-character", "测试\u{fffd}甲", Row("E03"));
    cell("escape-sequences", "\u{1b}]0;x\u{7},\u{1b}[2J", Row("E03"));
    cell("a-joiner-in-a-forbidden-word", "多次越\u{200d}级上访", Row("E13"));
    cell(
        "a-selector-in-a-forbidden-word",
        "多次越\u{fe0f}级\u{e0100}上访",
        Row("E13"),
    );
    for (name, basis) in [
        (
            "a-sealed-penalty-behind-a-space-of-no-width",
            "《治安\u{200b}管理处罚法》第二十三条",
        ),
        (
            "a-sealed-penalty-by-another-code-point",
            "《治安管\u{f9e4}处罚法》第二十三条",
        ),
        (
            "a-sealed-penalty-in-tags",
            "《治\u{e0041}安管理处罚\u{e007f}法》第二十三条",
        ),
    ] {
        add(name, with(sound.line(&[("处罚依据", basis)]).as_bytes()), Row("E13"));
    }
    // Formulas are texts here, and nothing of a file is written back.
    let formulas = sound.line(&[
        (FACT, "=cmd|'/c calc'!A0"),
        ("违法行为类型", "@SUM(A1)"),
        ("处罚内容", "+1+1"),
        ("备注", "=HYPERLINK(\"http://127.0.0.1:9\",\"x\")"),
    ]);
    add("formulas-for-texts", with(formulas.as_bytes()), Taken(1));
    let formula = sound.line(&[("罚款金额", "=1+1")]);
    add("a-formula-for-a-number", with(formula.as_bytes()), Row("E03"));
    let formula = sound.line(&[("处罚决定日期", "=TODAY()")]);
    add("a-formula-for-a-day", with(formula.as_bytes()), Row("E09"));
    let formula_header = head.replacen('\n', ",=cmd|'/c calc'!A0\n", 1);
    add(
        "a-formula-in-the-header",
        [formula_header, row].concat().into_bytes(),
        Taken(1),
    );
    add(
        "the-header-twice-in-one-line",
        format!("{},{head}x\n", head.trim_end()).into_bytes(),
        Header,
    );
    add(
        "a-page-of-the-web",
        b"<html><body><table><tr><td>1</td></tr></table></body></html>".to_vec(),
        Header,
    );
    add("a-header-and-no-row", head.clone().into_bytes(), Taken(0));
    cases
}
