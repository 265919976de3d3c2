//! Hostile text files.

use super::{Case, Outcome};

#[expect(clippy::too_many_lines, reason = "a list of files")]
pub(super) fn all(header: &[String]) -> Vec<Case> {
    use Outcome::{Done, File, Header, Row};
    let mut cases = Vec::new();
    let mut add = |name, bytes: Vec<u8>, outcome| cases.push(Case::new(name, "csv", bytes, outcome));
    let head = format!("{}\n", header.join(","));
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
        [b"\xef\xbb\xbf\xef\xbb\xbf", head.as_bytes(), b"x\n"].concat(),
        Row("E02"),
    );
    add("nul-at-once", with(b"a\0b\n"), File("INTAKE-0002"));
    add(
        "nul-after-a-megabyte",
        with(&[format!("{}\n", "x".repeat(4_000)).repeat(256).as_bytes(), b"a\0b\n"].concat()),
        Row("E02"),
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
    add("quotes-in-the-middle", with(b"a\"b\"c,\"d\"e\n"), Row("E02"));
    add("carriage-returns-alone", with(b"x\ry\rz\r"), Row("E02"));
    add(
        "bidi-controls",
        with("测试\u{202e}甲,\u{2066}x\n".as_bytes()),
        Row("E02"),
    );
    add(
        "separators-of-unicode",
        with("x\u{2028}y\u{2029}z\u{85}\n".as_bytes()),
        Row("E02"),
    );
    let formulas = "=cmd|'/c calc'!A0,+1+1,-1+1,@SUM(A1),\t=1+1,\"=HYPERLINK(\"\"http://127.0.0.1:9\"\",\"\"x\"\")\"\n";
    add("formulas", with(formulas.as_bytes()), Row("E02"));
    let formula_header = head.replacen('\n', ",=cmd|'/c calc'!A0\n", 1);
    add(
        "a-formula-in-the-header",
        [formula_header.as_bytes(), b"x\n"].concat(),
        Row("E02"),
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
    add("escape-sequences", with(b"\x1b]0;x\x07,\x1b[2J\n"), Row("E02"));
    add("a-header-and-no-row", head.clone().into_bytes(), Done);
    cases
}
