// A small delivery of permits (行政许可, national columns of 2018) with faults that the test knows.
import { gb18030 } from "./gb18030.mjs";

const COLUMNS = [
  "行政相对人名称", "行政相对人类别", "行政相对人代码_1（统一社会信用代码）", "行政相对人代码_2（工商注册号）",
  "行政相对人代码_3（组织机构代码）", "行政相对人代码_4（税务登记号）", "行政相对人代码_5（事业单位证书号）",
  "行政相对人代码_6（社会组织登记证号）", "法定代表人", "法定代表人身份证号", "证件类型", "证件号码",
  "行政许可决定文书名称", "行政许可决定文书号", "许可类别", "许可证书名称", "许可编号", "许可内容", "许可决定日期",
  "有效期自", "有效期至", "许可机关", "许可机关统一社会信用代码", "当前状态", "数据来源单位",
  "数据来源单位统一社会信用代码", "备注",
];

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]; // GB 11643-1999, ISO/IEC 7064 MOD 11-2
const CHECKS = "10X98765432";

export function checkCharacter(body17) {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(body17[index]), 0);
  return CHECKS[sum % 11];
}

/** The number with a wrong last character: a clerk's slip. */
export function slipped(number) {
  const right = number.at(-1);
  const wrong = "0123456789".split("").find((digit) => digit !== right);
  return number.slice(0, 17) + wrong;
}

/** One row; `changes` replaces cells by column name. */
export function permitRow(resident, officer, documentNo, changes = {}) {
  const cells = {
    行政相对人名称: resident.name,
    行政相对人类别: "自然人",
    证件类型: "居民身份证",
    证件号码: resident.number,
    行政许可决定文书名称: "准予行政许可决定书",
    行政许可决定文书号: documentNo,
    许可类别: "普通",
    许可证书名称: "食品经营许可证",
    许可编号: `JY${documentNo}`,
    许可内容: "预包装食品销售",
    许可决定日期: "2024/03/01",
    有效期自: "2024/03/01",
    有效期至: "2099/12/31",
    许可机关: officer.organisation_name,
    许可机关统一社会信用代码: officer.organisation,
    当前状态: "1",
    数据来源单位: officer.organisation_name,
    数据来源单位统一社会信用代码: officer.organisation,
    ...changes,
  };
  return COLUMNS.map((column) => cells[column] ?? "");
}

export function csv(rows) {
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return [COLUMNS, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** As Playwright takes a file that is on no disk. */
export function gb18030File(name, rows) {
  return { name, mimeType: "text/csv", buffer: gb18030(csv(rows)) };
}
