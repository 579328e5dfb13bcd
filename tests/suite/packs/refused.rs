//! What one file must not say, by the part of the file that says it.

use crate::packs::read_edited;
use crate::packs::rows;

/// Rows of a name, what is changed in the good pack and into what, and the one complaint.
fn each_is_refused(table: &str) {
    for [name, from, to, complaint] in rows(table) {
        assert_eq!(read_edited(&from, &to), [complaint], "{name}");
    }
}

#[test]
fn what_a_head_must_not_say_is_refused() {
    each_is_refused(
        r#"
        another schema | schema = 1 | schema = 2 | schema schema
        a schema in quotes | schema = 1 | schema = "1" | wrong-form schema
        no schema | schema = 1 | - | missing schema
        no TOML | schema = 1 | schema = 1 ⏎ schema = | syntax line 2
        a key twice | schema = 1 | schema = 1 ⏎ schema = 1 | syntax line 2
        an unknown top key | schema = 1 | schema = 1 ⏎ steps = 1 | unknown-key steps
        another id than the folder's | id = "510400-x" | id = "510401-x" | folder-name pack.id
        an id with capitals | id = "510400-x" | id = "510400-X" | spelling pack.id
        another date than the file's | from = 2018-01-01 | from = 2018-01-02 | file-name pack.effective_from
        no id | id = "510400-x" | - | missing pack.id
        a title without English | title = { zh = "某地", en = "somewhere" } | title = { zh = "某地" } | missing pack.title.en
        a title in a third language | en = "somewhere" } | en = "somewhere", fr = "x" } | unknown-key pack.title.fr
        an empty title | en = "somewhere" | en = " " | empty pack.title.en
        a title that is a text | title = { zh = "某地", en = "somewhere" } | title = "某地" | wrong-form pack.title
        three digits of a place | admdvs = "5104" | admdvs = "510" | spelling pack.admdvs
        letters of a place | admdvs = "5104" | admdvs = "51xx" | spelling pack.admdvs
        a place as a number | admdvs = "5104" | admdvs = 5104 | wrong-form pack.admdvs
        no insurance type | insutype = ["390", "310"] | insutype = [] | empty pack.insutype
        an insurance type in words | "310"] | "employees"] | spelling pack.insutype[2]
        an insurance type alone | insutype = ["390", "310"] | insutype = "390" | wrong-form pack.insutype
        a date in quotes | from = 2018-01-01 | from = "2018-01-01" | wrong-form pack.effective_from
        a date with a time | from = 2018-01-01 | from = 2018-01-01T00:00:00 | wrong-form pack.effective_from
        a date in the year 0 | checked_on = 2018-07-01 | checked_on = 0000-07-01 | wrong-form pack.checked_on
        a day that is not | checked_on = 2018-07-01 | checked_on = 2018-02-29 | syntax line 11
        an end before the beginning | effective_to = 2018-12-31 | effective_to = 2017-12-31 | span-order pack.effective_to
        no medical types | counts_as_admission = ["21"] | - | missing pack.counts_as_admission
        an empty medical type | counts_as_admission = ["21"] | counts_as_admission = [""] | empty pack.counts_as_admission[1]
        a year from a leap day | "07-01" | "02-29" | year-start pack.benefit_year_start
        a year from no day | "07-01" | "7-1" | year-start pack.benefit_year_start
        another identity date | identity_date = "discharge" | identity_date = "birth" | not-one-of pack.identity_date
        a policy scope of other parts | policy_scope = ["in_scope", "copay_first"] | policy_scope = ["in_scope", "over_limit"] | not-one-of pack.policy_scope[2]
        a policy scope twice | policy_scope = ["in_scope", "copay_first"] | policy_scope = ["in_scope", "in_scope"] | repeated pack.policy_scope[2]
        an empty policy scope | policy_scope = ["in_scope", "copay_first"] | policy_scope = [] | empty pack.policy_scope
        compliant everywhere | compliant_within = "city" | compliant_within = "outside" | not-one-of pack.compliant_within
        an unknown key of the pack | admdvs =  | version = 1 ⏎ admdvs =  | unknown-key pack.version
        an identity without Chinese | low = { zh = "低保", | low = { | missing identities.low.zh
        an identity's empty codes | code = ["2302"] | code = [] | empty identities.poor.code
        an identity's code twice | code = ["2302"] | code = ["2302", "2302"] | repeated identities.poor.code[2]
        an identity's unknown key | code = ["2302"] | codes = ["2302"] | unknown-key identities.poor.codes
        a document without number | document = "某〔2018〕1号" | - | missing sources.n1.document
        a document's unknown key | document = "某〔2018〕1号" | document = "某〔2018〕1号" ⏎ url = "x" | unknown-key sources.n1.url
        an identity with a Chinese key | low = { | "身份" = { zh = "某", en = "x" } ⏎ low = { | spelling identities.身份
        "#,
    );
}

#[test]
fn what_a_bill_must_not_suffer_is_refused() {
    each_is_refused(
        r#"
        an override without tags | tags = ["dialysis"] | - | missing override[1].tags
        an override with empty tags | tags = ["dialysis"] | tags = [] | empty override[1].tags
        an override to class D | treat_as = "B" | treat_as = "D" | not-one-of override[1].treat_as
        class B without a rate | first_copay_rate = "0.10" | - | first-copay-missing override[1].first_copay_rate
        class A with a rate | treat_as = "B" | treat_as = "A" | first-copay-unasked override[1].first_copay_rate
        an override that is one table | [[override]] | [override] | wrong-form override
        reached before any step | when = { level = [0, 3] } | when = { reached = ["basic"] } | reached-outside override[1].when.reached
        a waiver of nothing | categories = ["05"] | - | none-of waiver[1]
        a waiver of no category | categories = ["05"] | categories = [] | empty waiver[1].categories
        a deposit exemption without a source | source = "n1 四" # deposit | - | missing deposit_exempt[1].source
        a deposit exemption with more | source = "n1 四" # deposit | source = "n1 四" ⏎ amount = "0" | unknown-key deposit_exempt[1].amount
        a check without an id | id = "drugs" | - | missing check[1].id
        a check's id twice | id = "own" | id = "drugs" | duplicate-id check[2].id
        a check's id of two words | id = "own" | id = "own expense" | spelling check[2].id
        an unknown measure | measure = "own_expense_share" | measure = "own" | not-one-of check[2].measure
        the other measure's limit | at_most = "0.08" | at_most = "0.08" ⏎ at_least = "0.1" | other-limit check[2].at_least
        no limit | at_least = "0.90" | - | missing check[1].at_least
        a limit above 1 | at_least = "0.90" | at_least = "90" | number check[1].at_least
        another consequence | on_breach = "warn" | on_breach = "refuse" | not-one-of check[1].on_breach
        a consequence forgotten | on_breach = "warn" | - | missing check[1].on_breach
        "#,
    );
    assert_eq!(
        read_edited("at_most = \"0.08\"", "at_least = \"0.08\""),
        ["other-limit check[2].at_least", "missing check[2].at_most"]
    );
}

#[test]
fn what_a_predicate_must_not_ask_is_refused() {
    const FACTS: &str = "when = { level = [0, 3] }";
    for [name, facts, complaint] in rows(
        r#"
        an undeclared identity | { identity = ["rich"] } | undeclared-identity override[1].when.identity[1]
        an undeclared identity to have | { identity_all = ["poor", "rich"] } | undeclared-identity override[1].when.identity_all[2]
        an undeclared identity to lack | { not_identity = ["rich"] } | undeclared-identity override[1].when.not_identity[1]
        an empty list | { identity = [] } | empty override[1].when.identity
        an empty text | { med_type = [""] } | empty override[1].when.med_type[1]
        an empty list of tables | [] | empty override[1].when
        a text for a table | "poor" | wrong-form override[1].when
        a text for one of the tables | [{ level = [1] }, "poor"] | wrong-form override[1].when[2]
        a fact for a list | { identity = "poor" } | wrong-form override[1].when.identity
        an unknown fact | { colour = ["red"] } | unknown-key override[1].when.colour
        an unknown fact in a second table | [{ level = [1] }, { colour = 1 }] | unknown-key override[1].when[2].colour
        an unknown locality | { locality = ["village"] } | not-one-of override[1].when.locality[1]
        a locality in capitals | { locality = ["County"] } | not-one-of override[1].when.locality[1]
        level 4 | { level = [4] } | range override[1].when.level[1]
        level -1 | { level = [-1] } | range override[1].when.level[1]
        a level in quotes | { level = ["1"] } | wrong-form override[1].when.level[1]
        an unknown tier | { tier = ["state"] } | not-one-of override[1].when.tier[1]
        an empty tag | { facility_tag = [""] } | empty override[1].when.facility_tag[1]
        an insurance type as a number | { insutype = [390] } | wrong-form override[1].when.insutype[1]
        an unknown referral | { referral = ["yes"] } | not-one-of override[1].when.referral[1]
        a diagnosis in small letters | { diagnosis = ["c50"] } | spelling override[1].when.diagnosis[1]
        a diagnosis with a space | { principal = ["C50 "] } | spelling override[1].when.principal[1]
        compliant in quotes | { compliant = "true" } | wrong-form override[1].when.compliant
        an age in quotes | { age_from = "60" } | wrong-form override[1].when.age_from
        a fraction of a year | { age_from = 60.5 } | wrong-form override[1].when.age_from
        an age below 0 | { age_to = -1 } | range override[1].when.age_to
        ages out of order | { age_from = 60, age_to = 59 } | bounds-order override[1].when.age_to
        years out of order | { insured_years_from = 6, insured_years_to = 5 } | bounds-order override[1].when.insured_years_to
        ordinals out of order | { ordinal_from = 2, ordinal_to = 1 } | bounds-order override[1].when.ordinal_to
        reached outside steps | { reached = ["basic"] } | reached-outside override[1].when.reached
        "#,
    ) {
        assert_eq!(read_edited(FACTS, &format!("when = {facts}")), [complaint], "{name}");
    }
    for facts in [
        "{}",
        "{ level = [0, 1, 2, 3] }",
        "{ age_from = 60, age_to = 60, insured_years_from = 0, ordinal_to = 2 }",
        "[{ identity = [\"poor\"], not_identity = [\"low\"] }, { referral = [\"emergency\"] }]",
        "{ diagnosis = [\"C50.9\", \"M05\"], principal = [\"N18\"], compliant = true }",
    ] {
        assert_eq!(read_edited(FACTS, &format!("when = {facts}")), Vec::<String>::new(), "{facts}");
    }
}

#[test]
fn what_a_source_must_not_be_is_refused() {
    const SOURCE: &str = "source = \"n1 四\" # deposit";
    for (name, source, complaint) in [
        ("a source without a clause", "n1", "source-form"),
        ("a source with an empty clause", "n1  ", "source-form"),
        ("an undeclared source", "n2 四", "undeclared-source"),
        ("a source and its clause in one", "n1四", "source-form"),
        ("an assumption without a reason", "assumed:", "source-form"),
        ("an assumption with an empty reason", "assumed: ", "source-form"),
        ("an assumption without a colon", "assumed because", "undeclared-source"),
        ("an assumption without a space", "assumed:as elsewhere", "undeclared-source"),
        ("an assumption in capitals", "Assumed: why", "undeclared-source"),
        ("nothing", "", "empty"),
    ] {
        let complaint = format!("{complaint} deposit_exempt[1].source");
        assert_eq!(read_edited(SOURCE, &format!("source = \"{source}\"")), [complaint], "{name}");
    }
    // Nothing assumed may look like law: no document is called so.
    let called_assumed = "[sources.n1]\ndocument = \"x\"\n[sources.assumed]";
    assert_eq!(read_edited("[sources.n1]", called_assumed), ["spelling sources.assumed"]);
    assert_eq!(
        read_edited("[sources.n1]", "[sources.n1]\ntitle = \"\""),
        ["empty sources.n1.title"]
    );
}

#[test]
fn what_a_step_must_not_say_is_refused() {
    each_is_refused(
        r#"
        a step's id twice | id = "floor" | id = "basic" | duplicate-id step basic: id
        a step's id in capitals | id = "floor" | id = "Floor" | spelling step Floor: id
        a step without an id | id = "floor" | - | missing step 3: id
        a step without a title | title = { zh = "兜底", en = "floor" } | - | missing step floor: title
        an unknown kind | kind = "floor" | kind = "gift" | not-one-of step floor: kind
        no kind | kind = "floor" | - | missing step floor: kind
        a fund in words | fund = "999997" | fund = "other" | spelling step floor: fund
        a fund that is too long | fund = "999997" | fund = "99999799999" | spelling step floor: fund
        a fund as a number | fund = "999997" | fund = 999997 | wrong-form step floor: fund
        an undeclared fund source | fund_source = "assumed: none named" | fund_source = "n9 二" | undeclared-source step floor: fund_source
        an unknown payer | payer = "charity" | payer = "patient" | not-one-of step floor: payer
        a base that nobody owes | base = ["in_scope", "over_limit"] | base = ["facility_borne"] | not-one-of step floor: base[1]
        a base twice | base = ["in_scope", "over_limit"] | base = ["in_scope", "in_scope"] | repeated step floor: base[2]
        an empty base | base = ["in_scope", "over_limit"] | base = [] | empty step floor: base
        an unknown period | period = "year" # floor | period = "month" | not-one-of step floor: period
        enabled in quotes | enabled = false | enabled = "no" | wrong-form step critical: enabled
        reached with itself | reached = ["critical"] | reached = ["floor"] | reached-step step floor: when.reached[1]
        reached with nothing | reached = ["critical"] | reached = ["gone"] | reached-step step floor: when.reached[1]
        reached with a later step | when = { level = [3] }, amounts | when = { reached = ["floor"] }, amounts | reached-step step basic: deductible[2].when.reached[1]
        an unknown key of a step | payer = "charity" | payer = "charity" ⏎ note = "x" | unknown-key step floor: note
        bands in a floor | payer = "charity" | payer = "charity" ⏎ bands = [{ segments = [{ rate = "1" }], source = "n1 二" }] | unknown-key step floor: bands
        a guarantee in a share | enabled = false | guarantee = [{ ratio = "0.9", source = "n1 二" }] | unknown-key step critical: guarantee
        no guarantee | guarantee = [{ ratio = "0.90", source = "n1 二" }] | - | missing step floor: guarantee
        an empty guarantee | guarantee = [{ ratio = "0.90", source = "n1 二" }] | guarantee = [] | empty step floor: guarantee
        a guarantee of nothing | guarantee = [{ ratio = "0.90", | guarantee = [{ | none-of step floor: guarantee[1]
        a guarantee in percent | ratio = "0.90" | ratio = "90" | number step floor: guarantee[1].ratio
        a guarantee as a float | ratio = "0.90" | ratio = 0.90 | wrong-form step floor: guarantee[1].ratio
        a cap of nothing | cap = [{ year = "150000", | cap = [{ | none-of step basic: cap[1]
        a cap below 0 | year = "150000" | year = "-1" | number step basic: cap[1].year
        a cap too fine | year = "150000" | year = "1.005" | number step basic: cap[1].year
        a cap as an integer | year = "150000" | year = 150000 | wrong-form step basic: cap[1].year
        a cap's share above 1 | year = "150000" | base_share = "1.1" | number step basic: cap[1].base_share
        shares below 1 | share = "0.7" | share = "0.6" | financing-sum step basic: financing
        shares above 1 | share = "0.7" | share = "0.71" | financing-sum step basic: financing
        a financier twice | from = "city" | from = "province" | repeated step basic: financing[2].from
        a financier without a source | share = "0.7", source = "n1 七" | share = "0.7" | missing step basic: financing[2].source
        a financier with a condition | { from = "city", | { when = { level = [1] }, from = "city", | unknown-key step basic: financing[2].when
        "#,
    );
}

#[test]
fn what_a_share_must_not_say_is_refused() {
    each_is_refused(
        r#"
        an unknown origin | origin = "zero" | origin = "one" | not-one-of step critical: origin
        an amount as an integer | amount = "100" | amount = 100 | wrong-form step basic: deductible[1].amount
        an amount as a float | amount = "100" | amount = 100.0 | wrong-form step basic: deductible[1].amount
        an amount below 0 | amount = "100" | amount = "-100" | number step basic: deductible[1].amount
        an amount of 10^10 | amount = "100" | amount = "10000000000" | number step basic: deductible[1].amount
        an amount with an exponent | amount = "100" | amount = "1e2" | number step basic: deductible[1].amount
        an amount in tenths of a fen | amount = "100" | amount = "100.000" | number step basic: deductible[1].amount
        no amount | amount = "100",  | - | none-of step basic: deductible[1]
        an amount and amounts | amount = "100" | amount = "100", amounts = ["100"] | both step basic: deductible[1].amounts
        no amounts | amounts = ["500", "400"] | amounts = [] | empty step basic: deductible[2].amounts
        an amount without a source | amount = "100", source = "n1 一" | amount = "100" | missing step basic: deductible[1].source
        amounts by the year | amount = "8000" | amounts = ["8000"] | amounts-on-year step critical: deductible[1].amounts
        an unknown key of an entry | amount = "100" | amount = "100", note = "x" | unknown-key step basic: deductible[1].note
        no bands | bands = [{ segments = [{ rate = "0.50", source = "n1 五" }] }] | - | missing step critical: bands
        empty bands | bands = [{ segments = [{ rate = "0.50", source = "n1 五" }] }] | bands = [] | empty step critical: bands
        empty segments | segments = [{ rate = "0.50", source = "n1 五" }] | segments = [] | empty step critical: bands[1].segments
        a segment without a source | rate = "0.50", source = "n1 五" | rate = "0.50" | missing step critical: bands[1].source
        a segment with an undeclared source | rate = "0.50", source = "n1 五" | rate = "0.50", source = "n5 五" | undeclared-source step critical: bands[1].segments[1].source
        a segment without a rate | rate = "0.50",  | - | missing step critical: bands[1].segments[1].rate
        a rate above 1 | rate = "0.50" | rate = "1.5" | number step critical: bands[1].segments[1].rate
        a rate below 0 | rate = "0.50" | rate = "-0.5" | number step critical: bands[1].segments[1].rate
        a rate of seven decimals | rate = "0.50" | rate = "0.5000000" | number step critical: bands[1].segments[1].rate
        a rate as a float | rate = "0.50" | rate = 0.50 | wrong-form step critical: bands[1].segments[1].rate
        bands that fall | up_to = "20000" | up_to = "9999" | bands-rising step basic: bands[1].segments[2].up_to
        bands that stand still | up_to = "20000" | up_to = "10000.00" | bands-rising step basic: bands[1].segments[2].up_to
        bands from nothing | up_to = "10000" | up_to = "0" | bands-rising step basic: bands[1].segments[1].up_to
        bands open below | up_to = "20000",  | - | bands-open-early step basic: bands[1].segments[2].up_to
        bands closed above | { rate = "0.70" } | { up_to = "30000", rate = "0.70" } | bands-closed step basic: bands[1].segments[3].up_to
        an adjustment of nothing | deductible_at_most = "50",  | - | none-of step basic: adjust[3]
        an adjustment without a source | deductible_at_most = "50", source = "n1 六" | deductible_at_most = "50" | missing step basic: adjust[3].source
        points above 1 | rate_add = "0.05" | rate_add = "5" | number step basic: adjust[1].rate_add
        points below -1 | rate_add = "0.05" | rate_add = "-1.01" | number step basic: adjust[1].rate_add
        a factor above 10 | deductible_multiply = "0.5" | deductible_multiply = "10.1" | number step basic: adjust[2].deductible_multiply
        a factor below 0 | deductible_multiply = "0.5" | deductible_multiply = "-0.5" | number step basic: adjust[2].deductible_multiply
        a deductible below 0 | deductible_at_most = "50" | deductible_set = "-50" | number step basic: adjust[3].deductible_set
        a chain by year | period = "year" # critical | period = "year" ⏎ chain = [{ by = "episode", source = "n1 八" }] | chain-on-year step critical: chain
        a chain by something else | by = "episode" | by = "person" | not-one-of step basic: chain[2].by
        a chain by diagnosis of all | { when = { principal = ["N18", "C50"] }, by | { by | chain-without-principal step basic: chain[1].when
        a chain by any diagnosis | principal = ["N18", "C50"] | diagnosis = ["N18"] | chain-without-principal step basic: chain[1].when
        a chain by diagnosis of two tables | { principal = ["N18", "C50"] } | [{ principal = ["N18"] }, { principal = ["C50"] }] | chain-without-principal step basic: chain[1].when
        a chain without a source | by = "episode", source = "n1 八" | by = "episode" | missing step basic: chain[2].source
        an empty chain | chain = [{ when = { principal = ["N18", "C50"] }, by = "diagnosis", source = "n1 八" }, { by = "episode", source = "n1 八" }] | chain = [] | empty step basic: chain
        "#,
    );
    for (from, to) in [
        ("rate_add = \"0.05\"", "rate_add = \"-1\""),
        ("deductible_multiply = \"0.5\"", "deductible_multiply = \"10\""),
        ("deductible_at_most = \"50\"", "deductible_add = \"-50.5\""),
        ("{ principal = [\"N18\", \"C50\"] }", "[{ principal = [\"N18\"] }]"),
        ("amounts = [\"500\", \"400\"]", "amounts = [\"0500\", \"0\"]"),
    ] {
        assert_eq!(read_edited(from, to), Vec::<String>::new(), "{to}");
    }
}
