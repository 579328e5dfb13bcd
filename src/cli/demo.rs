//! `onestop serve --demo`: the sample register and one admission per place, settled through the server's own gRPC API.

use crate::cli::client::Asking;
use crate::cli::client::Trouble;
use crate::cli::client::connect;
use crate::cli::output;
use crate::config::ClientConfig;
use crate::proto;
use crate::proto::registers_client::RegistersClient;
use crate::proto::settlement_client::SettlementClient;
use crate::refusal::Lang;
use crate::sheet;
use crate::table;
use crate::table::Complaints;
use crate::wire::to_proto;

use std::net::SocketAddr;

const PERSONS: &[u8] = include_bytes!("../../deploy/sample/persons.csv");
const FACILITIES: &[u8] = include_bytes!("../../deploy/sample/facilities.csv");
const CATALOGUE: &[u8] = include_bytes!("../../deploy/sample/catalogue.csv");

/// One admission per place, as a HIS would send it.
const ADMISSIONS: [&str; 5] = [
    include_str!("../../deploy/sample/admissions/panzhihua.json"),
    include_str!("../../deploy/sample/admissions/guangxi.json"),
    include_str!("../../deploy/sample/admissions/xianyang.json"),
    include_str!("../../deploy/sample/admissions/jilin.json"),
    include_str!("../../deploy/sample/admissions/tangshan.json"),
];

/// Fills the registers, settles the samples and says what to try next. Running it again settles nothing twice: the same
/// requests get their first answers.
pub(super) async fn run(
    address: SocketAddr,
    web_address: SocketAddr,
    lang: Lang,
) -> Result<(), Trouble> {
    let url = format!("http://{address}");
    let channel = connect(&url, &ClientConfig::default()).await?;
    fill(RegistersClient::new(channel.clone())).await?;
    let mut client = SettlementClient::new(channel);
    for admission in ADMISSIONS {
        let request: proto::SettleRequest =
            serde_json::from_str(admission).map_err(|error| Trouble::Input(error.to_string()))?;
        let record = client.settle(request).await?.into_inner().settlement.unwrap_or_default();
        output::print(&sheet::settlement(&record, lang));
    }
    output::print(&next(&url, &format!("http://{web_address}"), lang));
    Ok(())
}

async fn fill(mut client: RegistersClient<Asking>) -> Result<(), Trouble> {
    let damaged = |complaints: Complaints| Trouble::Input(complaints.text(Lang::En));
    let writer = |request_id: &str| {
        Some(proto::Writer {
            facility: "register-office".to_owned(),
            request_id: request_id.to_owned(),
            operator: "demo".to_owned(),
            terminal: String::new(),
        })
    };
    let persons = table::persons(PERSONS).map_err(damaged)?;
    let persons = proto::PutPersonsRequest {
        writer: writer("demo-persons"),
        persons: persons.iter().map(to_proto::person).collect(),
        dry_run: false,
        source: String::new(),
    };
    let facilities = table::facilities(FACILITIES).map_err(damaged)?;
    let facilities = proto::PutFacilitiesRequest {
        writer: writer("demo-facilities"),
        facilities: facilities.iter().map(to_proto::facility).collect(),
        dry_run: false,
        source: String::new(),
    };
    let items = table::catalogue(CATALOGUE).map_err(damaged)?;
    let items = proto::PutItemsRequest {
        writer: writer("demo-catalogue"),
        items: items.iter().map(to_proto::item).collect(),
        dry_run: false,
        source: String::new(),
    };
    client.put_persons(tokio_stream::iter([persons])).await?.into_inner().message().await?;
    client.put_facilities(tokio_stream::iter([facilities])).await?.into_inner().message().await?;
    client.put_items(tokio_stream::iter([items])).await?.into_inner().message().await?;
    Ok(())
}

fn next(url: &str, web: &str, lang: Lang) -> String {
    let onestop = "target/release/onestop";
    match lang {
        Lang::Zh => format!(
            "服务已就绪：{url}（gRPC，带反射与健康检查）。Ctrl-C 停止。\n\
             结算窗口：用浏览器打开 {web}/ ，机构 H51041100001，患者 P510411000001。\n\
             国家接口：HIS 把报文发到 {web} 即可，见 docs/his/README.md。\n\
             另开一个终端可以试试：\n\n  \
             {onestop} quote deploy/sample/admissions/guangxi.json\n  \
             {onestop} show settlements\n  \
             {onestop} show settlement --number 4 --lang en\n  \
             {onestop} show eligibility --person P510411000001 --asked 2018-06-01\n  \
             {onestop} rules test settlement-rules\n"
        ),
        Lang::En => format!(
            "Serving on {url} (gRPC, with reflection and health). Ctrl-C stops it.\n\
             Settlement window: open {web}/ in a browser; facility H51041100001, patient P510411000001.\n\
             National interface: a HIS sends its messages to {web}; see docs/his/README.md.\n\
             In another terminal, try:\n\n  \
             {onestop} --lang en quote deploy/sample/admissions/guangxi.json\n  \
             {onestop} --lang en show settlements\n  \
             {onestop} --lang en show settlement --number 4\n  \
             {onestop} --lang en show eligibility --person P510411000001 --asked 2018-06-01\n  \
             {onestop} --lang en rules test settlement-rules\n"
        ),
    }
}
