//! A small pack that says every kind of thing once.

/// Where it would be found.
pub(super) const PATH: &str = "settlement-rules/510400-x/2018-01-01.toml";

/// The pack.
pub(super) const GOOD: &str = r#"schema = 1
[pack]
id = "510400-x"
title = { zh = "某地", en = "somewhere" }
admdvs = "5104"
insutype = ["390", "310"]
effective_from = 2018-01-01
effective_to = 2018-12-31
counts_as_admission = ["21"]
benefit_year_start = "07-01"
checked_on = 2018-07-01
identity_date = "discharge"
policy_scope = ["in_scope", "copay_first"]
compliant_within = "city"
[identities]
poor = { zh = "建档立卡", en = "poor", code = ["2302"] }
low = { zh = "低保", en = "allowance" }
[sources.n1]
document = "某〔2018〕1号"
[[override]]
when = { level = [0, 3] }
tags = ["dialysis"]
treat_as = "B"
first_copay_rate = "0.10"
source = "n1 三"
[[waiver]]
categories = ["05"]
source = "n1 三"
[[deposit_exempt]]
source = "n1 四" # deposit
[[check]]
id = "drugs"
measure = "catalogue_drug_share"
at_least = "0.90"
on_breach = "warn"
source = "n1 三"
[[check]]
id = "own"
measure = "own_expense_share"
at_most = "0.08"
on_breach = "facility_borne"
source = "n1 三"
[[step]]
id = "basic"
title = { zh = "基本", en = "basic" }
kind = "share"
fund = "390100"
base = ["in_scope"]
period = "admission"
deductible = [{ when = { level = [1] }, amount = "100", source = "n1 一" }, { when = { level = [3] }, amounts = ["500", "400"], source = "n1 一" }]
bands = [{ segments = [{ up_to = "10000", rate = "0.60" }, { up_to = "20000", rate = "0.65" }, { rate = "0.70" }], source = "n1 五" }]
adjust = [{ when = { identity = ["poor"] }, rate_add = "0.05", source = "n1 六" }, { when = { identity = ["low"] }, deductible_multiply = "0.5", source = "n1 六" }, { deductible_at_most = "50", source = "n1 六" }]
cap = [{ year = "150000", source = "assumed: no number found" }]
chain = [{ when = { principal = ["N18", "C50"] }, by = "diagnosis", source = "n1 八" }, { by = "episode", source = "n1 八" }]
financing = [{ from = "province", share = "0.3", source = "n1 七" }, { from = "city", share = "0.7", source = "n1 七" }]
[[step]]
id = "critical"
title = { zh = "大病", en = "critical" }
kind = "share"
fund = "390200"
base = ["in_scope", "copay_first"]
period = "year" # critical
enabled = false
origin = "zero"
deductible = [{ amount = "8000", source = "n1 五" }]
bands = [{ segments = [{ rate = "0.50", source = "n1 五" }] }]
[[step]]
id = "floor"
title = { zh = "兜底", en = "floor" }
kind = "floor"
fund = "999997"
fund_source = "assumed: none named"
payer = "charity"
base = ["in_scope", "over_limit"]
period = "year" # floor
when = { identity = ["poor"], reached = ["critical"] }
guarantee = [{ ratio = "0.90", source = "n1 二" }]
"#;
