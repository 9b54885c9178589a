//! What short replies want of the work before them.

use std::sync::LazyLock;

use super::*;

static SCORER: LazyLock<RuleScorer> = LazyLock::new(plain);

/// (continues, closes)
fn wants(text: &str) -> (bool, bool) {
    let mut scratch = Scratch::default();
    SCORER.score(text, 1, &mut scratch);
    (SCORER.continues(&scratch), SCORER.closes(&scratch))
}

/// Texts are separated by bars and newlines.
fn all_want(texts: &str, wanted: (bool, bool)) {
    let texts = texts.split(['|', '\n']).map(str::trim);
    let wrong: Vec<_> = texts.filter(|text| wants(text) != wanted).collect();
    assert!(wrong.is_empty(), "{wrong:?} should be {wanted:?}");
}

#[test]
fn replies_that_go_on_are_told() {
    all_want(
        "yes do it|Go on.|continue|Proceed|next|still wrong|It still does not work|doesn't work|try again
        again|same again|keep going|fix it|do it|go ahead|sounds good|ok|OK!!|okay|shorter|now in French
        make it formal|more|more formal please|and in Spanish?|What about Python?|also add tests|why?|yes
        Yes please|no|2|the second one|option B|that's wrong|same error again|I don't understand|too long
        can you make it shorter|try with sudo|thanks, but it still fails|great, now add tests|yes, thanks
        👍|k|Sure, go ahead|not working :(|but why|In English please|undo that|you forgot the last part
        are you sure?|it crashes|lgtm",
        (true, false),
    );
    all_want(
        "继续|接着写|还是不行|好的|好|可以，开始吧|换成Python|再短一点|那用法语呢？|报错了|不对|是的|请继续
        下一步|为什么？|繼續|再試一次",
        (true, false),
    );
    all_want(
        "続けて|続きをお願いします|はい|はい、お願いします|もう一度|まだ動きません|違います|もっと短く
        英語で|次|それで？|お願いします|了解です|同じエラーが出ます|でもなぜ？",
        (true, false),
    );
    all_want(
        "계속|계속해 주세요|네|네, 해주세요|다시|아직도 안 돼요|틀렸어|더 짧게|영어로|다음|그럼 프랑스어는?
        ㅇㅇ|같은 오류가 나요|좋아요",
        (true, false),
    );
    all_want(
        "продолжай|Дальше|да|да, делай|ещё раз|всё ещё не работает|неправильно|короче|на английском
        а почему?|исправь|та же ошибка|ок|теперь на французском|попробуй снова",
        (true, false),
    );
    all_want(
        "weiter|Mach weiter|ja|Ja, bitte|nochmal|geht immer noch nicht|Funktioniert nicht|falsch
        kürzer bitte|jetzt auf Englisch|und auf Spanisch?|gleicher Fehler|genau|Warum?|mach das",
        (true, false),
    );
    all_want(
        "continúa|sigue|sí|Sí, por favor|otra vez|sigue sin funcionar|no funciona|está mal|más corto
        ahora en inglés|¿y en Python?|hazlo|vale|el segundo|¿por qué?|dale",
        (true, false),
    );
    all_want(
        "continue|continua|sim|Sim, por favor|de novo|ainda não funciona|não deu certo|errado|mais curto
        agora em inglês|e em Python?|pode continuar|tá bom|o segundo|por quê?|faz isso",
        (true, false),
    );
    all_want(
        "أكمل|استمر|نعم|تابع من فضلك|مرة أخرى|لا يزال لا يعمل|خطأ|أقصر|والآن بالإنجليزية|لماذا؟|نفس الخطأ
        حسنا|التالي|حاول مجددا|طيب",
        (true, false),
    );
    all_want(
        "vas-y|encore|ça ne marche pas|plus court|d'accord|continua così, ancora|va bene|non funziona
        jeszcze raz|nie działa|krócej|devam et|hala çalışmıyor|evet|далі|не працює|tiếp tục|vẫn lỗi
        lanjutkan|masih salah|ga door|werkt niet|जारी रखो|फिर से|pokračuj|nefunguje|συνέχισε|ναι|ทำต่อ
        תמשיך|ادامه بده|fortsätt",
        (true, false),
    );
}

#[test]
fn replies_that_end_the_work_are_told() {
    all_want(
        "thanks|Thank you!|great thanks|perfect|Perfect!!|bye|good night|lol|nice|Nice one|thx|ok thanks
        No, thanks|ok great|wow, amazing|awesome, thank you so much|that's all|it works|never mind|haha
        cool|yes perfect|it works now, thanks|ok bye|🙏|that's perfect|Great job!",
        (false, true),
    );
    all_want(
        "谢谢|好的，谢谢|太棒了|完美|再见|晚安|哈哈哈|搞定了|謝謝|ありがとう|ありがとうございます！
        完璧です|助かりました|おやすみなさい|すごい|さようなら|고마워|감사합니다|완벽해요|잘 자|ㅋㅋㅋ
        네 감사합니다|спасибо|Спасибо большое!|отлично|пока|спокойной ночи|круто|да, спасибо|danke
        Vielen Dank!|perfekt|super|tschüss|ja danke|Gute Nacht|gracias|muchas gracias|perfecto|genial
        adiós|jajaja|vale, gracias|obrigado|muito obrigada!|perfeito|valeu|tchau|kkkk|شكرا|شكرا جزيلا
        ممتاز|مع السلامة|تصبح على خير|تمام شكرا|merci beaucoup|parfait|grazie mille|dziękuję|teşekkürler
        дякую|cảm ơn|terima kasih|bedankt|धन्यवाद|děkuji|ευχαριστώ|ขอบคุณครับ|תודה|ممنون|tack så mycket",
        (false, true),
    );
}

/// A new ask, however short, is no reply.
#[test]
fn asks_of_their_own_are_told_from_replies() {
    all_want(
        "...|What is the capital of Peru?|Write a nice poem about spring|Suggest a cool name for my cat
        Best pizza in Rome?|Prove that there is no largest prime.|Who wrote Hamlet?
        great wall of china height|法国的首都是哪里？|写一首关于春天的诗|フランスの首都はどこですか？
        프랑스의 수도는 어디인가요?|Назови столицу Франции|Wer hat die Dampfmaschine erfunden?
        ¿Cuál es la capital de Perú?|Qual é a capital do Peru?|ما هي عاصمة فرنسا؟
        Quelle est la capitale du Pérou ?",
        (false, false),
    );
}

/// Words that are a reply where they stand alone say nothing in a longer ask.
#[test]
fn a_long_ask_is_no_whole_reply() {
    let names = |text: &str| {
        let mut scratch = Scratch::default();
        SCORER.score(text, 1, &mut scratch);
        let mut names = Vec::new();
        SCORER.features(Length::default(), &mut scratch, |name, _| names.push(name.to_owned()));
        names.retain(|name| ["continuation", "reply", "closing"].contains(&name.as_str()));
        names
    };
    assert_eq!(names("No, more."), ["continuation", "reply"]);
    let ask = "No city in Europe has more people than Istanbul; which great cities of the world are larger than that?";
    assert!(names(ask).is_empty());
    assert_eq!(names("no ".repeat(10).as_str()), ["reply"]);
    assert_eq!(names("no ".repeat(40).as_str()), [""; 0]);
}

#[test]
fn the_shipped_replies_have_all_columns() {
    let data = include_str!("../replies.tsv");
    let mut rows = data.lines().filter(|l| !l.starts_with('#'));
    let columns = rows.next().unwrap().split('\t').count();
    let names: Vec<_> = rows
        .map(|row| {
            let cells: Vec<_> = row.split('\t').collect();
            assert_eq!(cells.len(), columns, "{}", cells[0]);
            for cell in &cells {
                for spelling in cell.split('|') {
                    let inner = spelling.trim_start_matches('^').trim_end_matches('*');
                    assert!(!inner.is_empty() && !inner.contains(['^', '*']), "{spelling:?} of {}", cells[0]);
                }
            }
            cells[0]
        })
        .collect();
    assert_eq!(names, ["continuation", "reply", "closing"]);
}

/// A caret in a keyword of the configuration is a caret.
#[test]
fn keywords_are_no_replies() {
    assert_eq!(found(&["^klass"], "a ^klass b"), ["^klass"]);
    assert!(found(&["^klass"], "klass").is_empty());
}

#[test]
fn politeness_around_an_ask_ends_nothing() {
    all_want(
        "Write a haiku about rain, thanks!|Suggest a name for my dog. Thank you
        say thank you in Japanese please|good night story for kids|Tell me a joke 😂|Say goodbye in Latin
        Perfect number definition|介绍一下北京，谢谢|「ありがとう」の語源を教えてください
        부산 맛집 추천 부탁드려요. 감사합니다|Назови реки Европы, спасибо
        Nenne drei Flüsse in Europa, danke|Dime tres ríos de Europa, gracias
        Diga três rios da Europa, obrigado|اذكر ثلاثة أنهار في أوروبا، شكرا",
        (false, false),
    );
}
