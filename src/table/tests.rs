//! Tables of bad rows and what is said of them; good tables that come out whole.

use super::*;

use crate::bill::Class;
use crate::calendar::Day;

use proptest::prelude::*;

const PERSONS: &str = "person,name,certificate_no,birth,place,insutype,insured_from,insured_to,identity,identity_from,identity_to";
const FACILITIES: &str = "facility,name,place,level,tier,tags,from,to";
const CATALOGUE: &str = "code,admdvs,name,class,first_copay_rate,price_limit,tags,from,to";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Says the first complaint's row, column and a part of its English, and that the Chinese is there.
fn check<T>(read: Result<Vec<T>, Complaints>, text: &str, expected: (u64, &str, &str)) {
    let Err(complaints) = read else { panic!("no complaint of {text}") };
    let one = complaints.shown.first().unwrap();
    let place = (one.row, one.column.as_str());
    assert_eq!(place, (expected.0, expected.1), "{text}: {}", one.english);
    assert!(one.english.contains(expected.2), "{text}: {}", one.english);
    assert!(!one.chinese.is_ascii(), "{text}: {}", one.chinese);
}

#[test]
fn bad_rows_of_persons_are_named() {
    let good = "P1,,,1970-05-01,510411,390,2017-01-01,,,,";
    for (rows, row, column, english) in [
        (",,,1970-05-01,510411,390,2017-01-01,,,,", 2, "person", "empty"),
        ("P\u{7},,,1970-05-01,510411,390,2017-01-01,,,,", 2, "person", "not an identifier"),
        ("5.1E+17,,,1970-05-01,510411,390,2017-01-01,,,,", 2, "person", "rounded"),
        ("P1,,1.1E+17,1970-05-01,510411,390,2017-01-01,,,,", 2, "certificate_no", "rounded"),
        ("P1,,,1970/5/1,510411,390,2017-01-01,,,,", 2, "birth", "the content is not a day"),
        ("P1,,,,510411,390,2017-01-01,,,,", 2, "birth", "no row of this person"),
        ("P1,,,1970-05-01,5104,390,2017-01-01,,,,", 2, "place", "`5104` is not a division"),
        ("P1,,,1970-05-01,,390,2017-01-01,,,,", 2, "place", "empty"),
        ("P1,,,1970-05-01,510411,居民,2017-01-01,,,,", 2, "insutype", "390"),
        ("P1,,,1970-05-01,510411,390,,,,,", 2, "insured_from", "empty"),
        ("P1,,,1970-05-01,510411,390,2018-01-01,2017-01-01,,,", 2, "insured_to", "before"),
        ("P1,,,1970-05-01,,,,,,2018-01-01,", 2, "identity", "empty"),
        ("P1,,,1970-05-01,,,,,registered_poor,,", 2, "identity_from", "empty"),
        ("P1,,,1970-05-01,,,,,poor,2018-02-30,", 2, "identity_from", "not a day"),
        ("P1,,,1970-05-01,,,,,poor,2018-02-01,2018-01-31", 2, "identity_to", "before"),
        ("P1,,,1970-05-01,510411,390,2017-01-01", 2, "", "7 cells, the header 11"),
        (&format!("{good}\n{good},"), 3, "", "12 cells"),
        (&format!("{good}\nP1,,,1970-05-02,,,,,,,"), 3, "birth", "row 2"),
        (&format!("{good}\nP1,,,1970-05-01,510421,390,2018-01-01,,,,"), 3, "insured_from", "row 2"),
        (&format!("{good}\nP1,,,,510421,390,2017-01-01,,,,"), 3, "insured_from", "row 2"),
        (&format!("{good}\n\n,,,,,,,,,,\nP2,,,x,,,,,,,"), 5, "birth", "not a day"),
        (&format!("{good}\r\n\r\n\r\nP2,,,x,,,,,,,"), 5, "birth", "not a day"),
        ("P1,\"two\nlines\",,1970-05-01,,,,,,,", 2, "name", "no plain text"),
    ] {
        let text = format!("{PERSONS}\n{rows}\n");
        check(persons(text.as_bytes()), &text, (row, column, english));
    }
    let text = format!("{PERSONS}\nP1,\"two\nlines\",,1970-05-01,,,,,,,\nP2,,,x,,,,,,,\n");
    let complaints = persons(text.as_bytes()).unwrap_err();
    assert_eq!(complaints.shown[1].row, 3, "a cell of two lines is in one row");
}

#[test]
fn bad_rows_of_facilities_are_named() {
    let good = "F1,县医院,510411,2,county,,2017-01-01,2017-12-31";
    for (rows, row, column, english) in [
        (",x,510411,2,county,,2017-01-01,", 2, "facility", "empty"),
        ("F1,x,五,2,county,,2017-01-01,", 2, "place", "six digits"),
        ("F1,x,510411,4,county,,2017-01-01,", 2, "level", "`4` is not a level"),
        ("F1,x,510411,+1,county,,2017-01-01,", 2, "level", "not a level"),
        ("F1,x,510411,2,县,,2017-01-01,", 2, "tier", "`县` is not a tier"),
        ("F1,x,510411,2,county,\"a\u{7}\",2017-01-01,", 2, "tags", "tag"),
        ("F1,x,510411,2,county,,,", 2, "from", "empty"),
        ("F1,x,510411,2,county,,2017-01-01,2016-01-01", 2, "to", "before"),
        (&format!("{good}\nF1,市医院,510411,2,county,,2018-01-01,"), 3, "name", "row 2"),
        (&format!("{good}\nF1,,510411,3,county,,2017-12-31,"), 3, "from", "row 2"),
    ] {
        let text = format!("{FACILITIES}\n{rows}\n");
        check(facilities(text.as_bytes()), &text, (row, column, english));
    }
}

#[test]
fn bad_rows_of_the_catalogue_are_named() {
    let good = "D1,,药,A,,,,2017-01-01,2017-12-31";
    for (rows, row, column, english) in [
        (",,,A,,,,2017-01-01,", 2, "code", "empty"),
        ("D1,5,,A,,,,2017-01-01,", 2, "admdvs", "2, 4 or 6 digits"),
        ("D1,,,甲,,,,2017-01-01,", 2, "class", "`甲` is not a class"),
        ("D1,,,,,,,2017-01-01,", 2, "class", "empty"),
        ("D1,,,B,,,,2017-01-01,", 2, "first_copay_rate", "class B needs"),
        ("D1,,,A,0.1,,,2017-01-01,", 2, "first_copay_rate", "class B needs"),
        ("D1,,,C,0,,,2017-01-01,", 2, "first_copay_rate", "class B needs"),
        ("D1,,,B,10%,,,2017-01-01,", 2, "first_copay_rate", "0.1 for 10%"),
        ("D1,,,B,1.1,,,2017-01-01,", 2, "first_copay_rate", "0 to 1"),
        ("D1,,,A,,-1,,2017-01-01,", 2, "price_limit", "negative"),
        ("D1,,,A,,\"1,000\",,2017-01-01,", 2, "price_limit", "plain"),
        ("D1,,,A,,,,2017-1-1,", 2, "from", "not a day"),
        (&format!("{good}\nD1,,药,A,,,,2017-06-01,"), 3, "from", "row 2"),
        (&format!("{good}\nD1,,药,C,,,,2017-01-01,2017-12-31"), 3, "from", "row 2"),
    ] {
        let text = format!("{CATALOGUE}\n{rows}\n");
        check(catalogue(text.as_bytes()), &text, (row, column, english));
    }
}

#[test]
fn a_bad_header_is_refused() {
    for (text, row, column, english) in [
        ("", 0, "", "empty"),
        ("\u{feff}\n \n", 0, "", "empty"),
        ("facility,name,place,level,tier,tags,from\n", 1, "to", "missing"),
        ("facility,name,place,level,tier,from,to,phone\n", 1, "phone", "no such column"),
        ("facility,place,level,tier,from,to,\n", 1, "", "column 7 has no name"),
        ("facility,place,level,tier,from,to,to\n", 1, "to", "twice"),
        ("facility;place;level;tier;from;to\n", 1, "facility;place;level;tier;from;to", "commas"),
        ("\n\nFacility,place,level,tier,from,to\n", 3, "Facility", "no such column"),
    ] {
        check(facilities(text.as_bytes()), text, (row, column, english));
    }
}

#[test]
fn other_encodings_are_refused_with_the_row() {
    // 县医院 in GBK.
    let gbk =
        [FACILITIES.as_bytes(), b"\nF1,\xCF\xD8\xD2\xBD\xD4\xBA,510411,2,county,,2017-01-01,"];
    check(facilities(&gbk.concat()), "gbk", (2, "", "save it as UTF-8"));
    let utf16: Vec<u8> = FACILITIES.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(facilities(&[b"\xFF\xFE", utf16.as_slice()].concat()), "utf-16", (1, "", "UTF-8"));
}

#[test]
fn all_bad_rows_are_collected_and_counted() {
    let rows: String =
        (0..1500).map(|row| format!("F{row},,510411,9,none,,2017-01-01,\n")).collect();
    let complaints = facilities(format!("{FACILITIES}\n{rows}").as_bytes()).unwrap_err();
    assert_eq!((complaints.shown.len(), complaints.count), (COMPLAINTS_MAX, 3000));
    assert_eq!(complaints.shown[999].row, 501);
    let text = complaints.text(Lang::En);
    assert!(text.starts_with("row 2, column `level`: `9` is not"), "{text}");
    assert!(text.ends_with("and 2000 more; 3000 in all"));
    assert!(complaints.text(Lang::Zh).starts_with("第 2 行 level 列:“9”不是医院级别"));
}

#[test]
fn no_complaint_repeats_what_is_personal() {
    let text = format!(
        "{PERSONS}\nPSECRET\u{7},SECRET\u{7},SECRET\u{7},SECRET,510411,390,2017-01-01,,,,\n\
         PSECRET,SECRET,,1970-01-01,,,,,,,\nPSECRET,SECRET2,,1971-01-01,,,,,,,\n"
    );
    let complaints = persons(text.as_bytes()).unwrap_err();
    assert_eq!(complaints.count, 6);
    for lang in [Lang::En, Lang::Zh] {
        assert!(!complaints.text(lang).contains("SECRET"));
    }
}

#[test]
fn rows_of_one_person_add_up_wherever_they_stand() {
    let text = "\u{feff}birth,person,identity,identity_from,identity_to,place,insutype,insured_from,insured_to,name\r\n\
                1970-05-01,P2,,,,510411,390,2018-01-01,,示例乙\r\n\
                1980-01-01,P1,,,,510421,310,2016-01-01,,\r\n\
                , P2 ,registered_poor,2017-01-01,2020-12-31,,,,,\r\n\
                1970-05-01,P2,low_income,2016-01-01,,510411,390,2018-01-01,,示例乙\r\n\
                1970-05-01,P2,low_income,2016-01-01,,510411,390,2018-01-01,,示例乙\r\n\
                ,P2,,,,510421,390,2016-01-01,2017-12-31,\r\n";
    let persons = persons(text.as_bytes()).unwrap();
    let numbers: Vec<&str> = persons.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(numbers, ["P1", "P2"]);
    let second = &persons[1];
    assert_eq!((second.name.as_str(), second.birth), ("示例乙", day("1970-05-01")));
    let places: Vec<&str> = second.enrolments.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(places, ["510421", "510411"]);
    assert_eq!(second.identities.len(), 2);
    assert!(second.holds_identity_on("registered_poor", &[], day("2020-12-31")));
    assert!(!second.holds_identity_on("registered_poor", &[], day("2021-01-01")));
}

#[test]
fn a_facility_has_one_entry_a_row() {
    let text = format!(
        "{FACILITIES}\nF1,县医院,510411,3,county,consortium,2018-01-01,\n\
         F1,,510411,2,county,\"a; b\u{ff1b}a c\",2016-01-01,2017-12-31\n"
    );
    let facilities = facilities(text.as_bytes()).unwrap();
    assert_eq!(facilities.len(), 1);
    let (first, second) = (&facilities[0].entries[0], &facilities[0].entries[1]);
    assert_eq!((first.level, first.tags.join(",").as_str()), (2, "a,b,c"));
    assert_eq!((second.level, second.tier.name(), second.span.to), (3, "county", None));
}

#[test]
fn an_item_may_have_an_entry_for_each_place_and_span() {
    let text = format!(
        "{CATALOGUE}\nD1,,药,A,,,essential_drug,2017-01-01,2017-12-31\n\
         D1,,药,B,0.1,12.5,,2018-01-01,\nD1,5104,药,C,,,,2017-01-01,\n\
         D1,5104,药,C,,,,2017-01-01,\n"
    );
    let items = catalogue(text.as_bytes()).unwrap();
    let classes: Vec<&str> = items.iter().map(|item| item.facts.class.letter()).collect();
    assert_eq!(classes, ["A", "B", "C"]);
    assert_eq!(items[0].facts.tags, ["essential_drug"]);
    assert!(matches!(items[1].facts.class, Class::B(_)) && items[1].facts.price_limit.is_some());
    assert_eq!(items[2].admdvs, "5104");
    assert_eq!(catalogue(format!("{CATALOGUE}\n").as_bytes()), Ok(Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for header in [PERSONS, FACILITIES, CATALOGUE] {
            let table = [header.as_bytes(), b"\n", bytes.as_slice()].concat();
            for table in [table.as_slice(), bytes.as_slice()] {
                let _ = persons(table).map_err(|complaints| complaints.to_string());
                let _ = facilities(table).map_err(|complaints| complaints.to_string());
                let _ = catalogue(table).map_err(|complaints| complaints.to_string());
            }
        }
    }

    #[test]
    fn no_cells_panic(text in "([PF1][,\"\r\n;]{0,4}|2018-0[12]-[03]1,|510411,|[ABC],|0\\.[15],){0,40}") {
        for header in [PERSONS, FACILITIES, CATALOGUE] {
            let table = format!("{header}\n{text}");
            let _ = persons(table.as_bytes());
            let _ = facilities(table.as_bytes());
            let _ = catalogue(table.as_bytes());
        }
    }

    #[test]
    fn a_row_has_the_number_that_a_spreadsheet_shows(
        blanks in proptest::collection::vec(0usize..3, 1..6),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        quoted in any::<bool>(),
    ) {
        let name = if quoted { "\"a\n\nb\"" } else { "a" };
        let mut text = format!("{FACILITIES}{end}");
        let mut row = 1;
        let mut expected = Vec::new();
        for blank in &blanks {
            text += &end.repeat(*blank);
            row += u64::try_from(*blank).unwrap() + 1;
            text += &format!("F,{name},510411,9,county,,2017-01-01,{end}");
            expected.push(row);
        }
        let complaints = facilities(text.as_bytes()).unwrap_err();
        let rows: Vec<u64> = complaints
            .shown
            .iter()
            .filter(|one| one.column == "level")
            .map(|one| one.row)
            .collect();
        prop_assert_eq!(rows, expected);
    }
}
