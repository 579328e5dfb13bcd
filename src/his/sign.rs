//! 9001 sign-in and 9002 sign-out: recorded, and asked of nobody. Clients sign in once a day and stop where that fails.

use crate::his::Gateway;
use crate::his::envelope::Asked;
use crate::his::envelope::time;
use crate::his::fields::row;
use crate::his::json::Json;
use crate::his::reply::Replied;
use crate::proto;

/// 9001
pub(super) async fn sign_in_9001(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "signIn")?;
    let operator = data.text("opter_no").unwrap_or(&asked.operator).to_owned();
    let sign = proto::Sign {
        writer: Some(proto::Writer { operator, ..asked.writer() }),
        sign_no: String::new(),
        mac: data.text_or_empty("mac"),
        ip: data.text_or_empty("ip"),
        noted: asked.noted.clone(),
    };
    let signed = gateway.service.sign(sign).await?;
    let answer = Json::object([
        ("sign_time", Json::text(time(&signed.recorded_at))),
        ("sign_no", Json::text(signed.number.to_string())),
    ]);
    Ok(Json::object([("signinoutb", answer)]).into())
}

/// 9002. Both names of the output's node are given: editions differ.
pub(super) async fn sign_out_9002(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "signOut")?;
    let operator = data.text("opter_no").unwrap_or(&asked.operator).to_owned();
    let sign = proto::Sign {
        writer: Some(proto::Writer { operator, ..asked.writer() }),
        sign_no: data.given("sign_no")?.to_owned(),
        noted: asked.noted.clone(),
        ..proto::Sign::default()
    };
    let signed = gateway.service.sign(sign).await?;
    let at = || Json::object([("sign_time", Json::text(time(&signed.recorded_at)))]);
    Ok(Json::object([("sign_time", at()), ("signoutoutb", at())]).into())
}
