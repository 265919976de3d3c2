//! Why a file in the drop folder is not taken in, and what to do.

use super::Trouble;

const fn fault(code: &'static str, what: [&'static str; 2], remedy: [&'static str; 2]) -> Trouble {
    Trouble {
        code,
        what,
        remedy,
        tries_again: false,
    }
}

/// Not UTF-8, too long, or with characters that cannot be shown.
pub(super) const NAME: Trouble = fault(
    "DROP-0001",
    ["文件名不能使用", "the file's name cannot be used"],
    [
        "文件名用 UTF-8，不超过 200 字节，不含控制字符",
        "name it in UTF-8, at most 200 bytes, without control characters",
    ],
);

/// Neither CSV nor XLSX by name.
pub(super) const ENDING: Trouble = fault(
    "DROP-0002",
    [
        "文件名不以 .csv 或 .xlsx 结尾",
        "the file's name ends neither in .csv nor in .xlsx",
    ],
    [
        "导出为 CSV 或 XLSX；正在写入的文件以 .part 结尾",
        "export it as CSV or XLSX; a file that is being written ends in .part",
    ],
);

/// No plain file.
pub(super) const KIND: Trouble = fault(
    "DROP-0003",
    [
        "不是普通文件（链接、文件夹、设备或有多个名称）",
        "it is no plain file but a link, a folder, a device, or a file with several names",
    ],
    ["放入文件本身", "lay down the file itself"],
);

/// A manifest that is none.
pub(super) const MANIFEST_FORM: Trouble = fault(
    "DROP-0004",
    ["文件清单不能读取", "the file's manifest cannot be read"],
    [
        "清单为 JSON：rows、bytes、sha256，均可省略",
        "write it as JSON with rows, bytes and sha256, each of them optional",
    ],
);

/// Broken on the way.
pub(super) const MANIFEST_DIFFERS: Trouble = fault(
    "DROP-0005",
    [
        "文件与其清单不符，可能传输中断",
        "the file is not what its manifest says; it may have been cut off on the way",
    ],
    ["重新传送文件和清单", "send file and manifest again"],
);

/// Written to while it was read.
pub(super) const CHANGED: Trouble = fault(
    "DROP-0006",
    [
        "文件在读取时被改写；已读取的行按当时内容处理",
        "the file was written to while it was read; rows that were read count as they were",
    ],
    [
        "写完后再改名或放置 .done 标记，然后重新传送整个文件",
        "rename it, or lay down its .done marker, after it is written; then send the whole file again",
    ],
);

/// Taken in, but not with the number of rows that was stated.
pub(super) const ROWS_DIFFER: Trouble = fault(
    "DROP-0009",
    [
        "文件已接收，但行数与清单不同",
        "the file was taken in, but it has not as many rows as its manifest says",
    ],
    [
        "比较回执中的行数；缺少的行请另行报送",
        "compare it with the rows of the receipt; deliver what is missing",
    ],
);
