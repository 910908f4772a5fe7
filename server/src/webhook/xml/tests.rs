//! What is read of XML, and what is refused of it.

use std::fmt::Write;

use super::*;

fn parse(xml: &str) -> Node {
    Node::parse(xml).expect("XML")
}

fn refused(xml: &str) -> &'static str {
    Node::parse(xml).expect_err("refused")
}

#[test]
fn names_nothing_lists_and_characters() {
    let document = parse(
        "<?xml version=\"1.0\"?><!-- a --><a><add-ons type=\"array\"/><b-c nil=\"true\">x</b-c>
         <name> A &amp; B &#x41;&#66; </name><raw><![CDATA[<&>]]></raw>
         <list type=\"array\"><item>1</item><item>2</item><item nil=\"true\"/></list>
         <at type=\"datetime\">2026-11-20T10:00:00Z</at><early>1969-12-31T23:59:59Z</early>
         <fine>2026-11-20T10:00:00.123456789Z</fine><late>9999-12-31T23:59:59-01:00</late></a>\n",
    );
    let element = Element::new("a", &document);
    assert_eq!(element.text("name").as_deref(), Some("A & B AB"));
    assert_eq!(element.text("raw").as_deref(), Some("<&>"));
    assert_eq!(element.text("b_c"), None, "nil is nothing");
    assert!(element.at("add_ons").is_some(), "a dash is an underscore");
    assert_eq!(element.words("list").expect("words"), ["1", "2"]);
    let at = element.time("at").expect("a time").expect("told");
    assert_eq!(at.timestamp(), 1_795_168_800);
    let fine = element.time("fine").expect("a time").expect("told");
    assert_eq!(fine.timestamp_subsec_nanos(), 123_456_000);
    assert_eq!(element.time("missing"), Ok(None));
    for (path, why) in [
        ("name", "a.name is not a time"),
        ("early", "a.early is not"),
        ("late", "a.late is not"),
    ] {
        let error = element.time(path).expect_err("not a time").to_string();
        assert!(error.starts_with(why), "{error}");
    }
    let long = parse(&format!("<a><id>{}</id></a>", "x".repeat(256)));
    assert!(Element::new("a", &long).word("id").is_err());
    let broken = parse("<a><id>x\ny</id></a>");
    let error = Element::new("a", &broken).word("id").expect_err("no id");
    assert_eq!(error.to_string(), "a.id has control characters");
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;&l;&l;\">]><a>&m;</a>";
    assert_eq!(refused(bomb), "XML: document types are refused");
    let outside = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
    assert_eq!(refused(outside), "XML: document types are refused");
    assert_eq!(refused("<a>&m;</a>"), "XML: entities are refused");
    assert_eq!(refused("<a>&#xFFFFFFFF;</a>"), "XML");
}

#[test]
fn size_depth_and_number_are_limited() {
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    parse(&deep(MAX_DEPTH - 1));
    assert_eq!(refused(&deep(MAX_DEPTH)), "XML: it is nested too deeply");
    assert_eq!(
        refused(&"<a>".repeat(1_000_000)),
        "XML: it is nested too deeply"
    );
    let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
    assert_eq!(refused(&many), "XML: it has more than 100,000 elements");
    let large = format!("<a>{}</a>", "x".repeat(5 * 1024 * 1024));
    assert_eq!(refused(&large), "XML: it is longer than 4 MiB");
    let attributes = (0..10_000).fold(String::new(), |mut all, number| {
        write!(all, " a{number}=\"1\"").expect("written");
        all
    });
    parse(&format!("<a{attributes}/>"));
}

#[test]
fn what_is_no_document_is_refused() {
    let all = [
        "",
        " ",
        "x",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a><b></a></b>",
        "<a",
        "<>",
        "<a>&</a>",
        "<a b=\"1\" nil=></a>",
        "{\"a\": 1}",
    ];
    for xml in all {
        assert_eq!(refused(xml), NOT_XML, "{xml}");
    }
}

#[test]
fn outermost_elements_are_told_as_they_are_written() {
    let one = "<t><id>1</id><u><t>inner</t></u></t>";
    let xml =
        format!("<?xml version=\"1.0\"?>\n<list>\n {one} <other/> <t nil=\"true\"/><t/></list>");
    let found = outermost(&xml, "t").expect("XML");
    assert_eq!(found, [one, "<t nil=\"true\"/>", "<t/>"]);
    assert_eq!(outermost(one, "t").expect("XML"), [one]);
    assert!(outermost("<list/>", "t").expect("XML").is_empty());
    assert!(outermost("<list><t></list>", "t").is_err());
}

#[test]
fn what_is_attached_is_told_by_name() {
    let document = parse(
        "<a><custom-fields><tributary-ref>sarah</tributary-ref><via nil=\"true\"/><b/></custom-fields></a>",
    );
    let attached = Element::new("a", &document).attached("custom_fields");
    assert_eq!(attached.to_string(), r#"{"tributary_ref":"sarah"}"#);
    let long = format!("<a><f><g>{}</g></f></a>", "x".repeat(5000));
    let attached = Element::new("a", &parse(&long)).attached("f");
    assert_eq!(attached.to_string(), "{}");
}
