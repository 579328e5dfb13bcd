//! A catalogue and bills of lines for it.

use onestop::proto;

/// Items of the catalogue.
pub(crate) const ITEMS: usize = 100;

/// Class B with a price limit, some of it tagged: the dearest kind of item to classify.
pub(crate) fn item(index: usize) -> proto::Item {
    proto::Item {
        code: format!("I{index}"),
        facts: Some(proto::ItemFacts {
            class: "B".to_owned(),
            first_copay_rate: "0.1".to_owned(),
            price_limit: "50".to_owned(),
            tags: if index.is_multiple_of(5) {
                vec!["essential_drug".to_owned()]
            } else {
                Vec::new()
            },
        }),
        from: "2010-01-01".to_owned(),
        ..proto::Item::default()
    }
}

/// A bill of so many lines.
pub(crate) fn bill(lines: usize) -> proto::Bill {
    let line = |index: usize| proto::Line {
        id: index.to_string(),
        code: format!("I{}", index % ITEMS),
        category: "09".to_owned(),
        quantity: "3".to_owned(),
        price: "55.5".to_owned(),
        amount: "166.50".to_owned(),
        ..proto::Line::default()
    };
    proto::Bill { lines: (0..lines).map(line).collect(), ..proto::Bill::default() }
}
