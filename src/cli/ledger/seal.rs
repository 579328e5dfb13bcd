//! `onestop ledger key` and `reseal`: keys that a store is sealed with.

use crate::cli::ledger::KeyCipher;
use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::output::in_lang;
use crate::cli::progress;
use crate::outline;
use crate::refusal::Lang;
use crate::store::fault::chain;
use crate::store::reseal;
use crate::store::reseal::Resealed;
use crate::store::seal::Cipher;
use crate::store::seal::Place;
use crate::store::seal::new_key;
use crate::trail;

/// A new key.
pub(super) fn key(cipher: KeyCipher) -> Result<String, Stopped> {
    let cipher = match cipher {
        KeyCipher::Aes => Cipher::Aes256Gcm,
        KeyCipher::Sm4 => Cipher::Sm4Gcm,
    };
    new_key(cipher).map_err(|error| Stopped::Failed(error.to_string()))
}

/// Seals everything with the first key.
pub(super) fn reseal(store: Place<'_>, lang: Lang) -> Result<String, Stopped> {
    journal_of(store)?;
    let Some(name) = store.seal.name() else {
        let why = in_lang(
            lang,
            "没有密钥:请以 `store.key_file` 指定密钥文件,`onestop ledger key` 可生成密钥",
            "there is no key: name a key file as `store.key_file`; `onestop ledger key` makes a key",
        );
        return Err(Stopped::Usage(why.to_owned()));
    };
    let bar = progress::entries();
    let done = reseal::reseal(store, (&[trail::FOLDER], &[outline::FOLDER]), || bar.inc(1));
    bar.finish_and_clear();
    let Resealed { segments, records } = done.map_err(|fault| Stopped::Failed(chain(&fault)))?;
    Ok(match lang {
        Lang::Zh => format!(
            "已用密钥 {name} 重新加密 {segments} 个文件的 {records} 条记录;索引下次启动时重建"
        ),
        Lang::En => format!(
            "{records} records of {segments} files sealed anew with key {name}; the next start builds the index anew"
        ),
    })
}
