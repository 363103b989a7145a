"""Every text of the interface in Simplified Chinese, Traditional Chinese and English, and the choice between them."""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["zh-Hans", "zh-Hant", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LANGUAGE_NAMES: dict[Language, str] = {"zh-Hans": "简体", "zh-Hant": "繁體", "en": "English"}

# key: (zh-Hans, zh-Hant, en); {names} are filled in by `say`.
_TABLE: dict[str, tuple[str, str, str]] = {
    "tagline": ("文献问答，句句有出处", "文獻問答，句句有出處", "Answers from the documents, each with its source"),
    "documents": ("已载入 {n} 篇文献", "已載入 {n} 篇文獻", "{n} documents"),
    "document_list": ("所载文献", "所載文獻", "Documents"),
    "more_documents": ("另有 {n} 篇未列出。", "另有 {n} 篇未列出。", "{n} more are not listed."),
    "language": ("界面语言", "介面語言", "Interface language"),
    "welcome": ("想查点什么？", "想查點什麼？", "What would you like to know?"),
    "introduction": (
        "请用简体中文、繁体中文或英文提问。回答只取自所载文献，点开编号就能看到原文；文献里没有的，会如实相告。",
        "請用簡體中文、繁體中文或英文提問。回答只取自所載文獻，點開編號就能看到原文；文獻裡沒有的，會如實相告。",
        "Ask in Chinese or English. Answers come from the loaded documents only: open a number to read the passage. "
        "If the documents do not say, you will be told so.",
    ),
    "examples": ("可以这样问", "可以這樣問", "For example"),
    "conversation": ("问答", "問答", "Questions and answers"),
    "question": ("问题", "問題", "Question"),
    "placeholder": ("请输入问题", "請輸入問題", "Type a question"),
    "send": ("提问", "提問", "Ask"),
    "clear": ("新的对话", "新的對話", "New conversation"),
    "searching": ("正在查阅文献", "正在查閱文獻", "Reading the documents"),
    "understood": ("结合上文，理解为：{question}", "結合上文，理解為：{question}", "Taken to mean: {question}"),
    "context": ("结合上文：{words}", "結合上文：{words}", "In the context of: {words}"),
    "sources": ("出处", "出處", "Sources"),
    "more_sources": ("其余 {n} 条出处", "其餘 {n} 條出處", "{n} more sources"),
    "open_source": ("打开出处 {n}：{title}", "打開出處 {n}：{title}", "Open source {n}: {title}"),
    "copy": ("复制回答与出处", "複製回答與出處", "Copy answer with sources"),
    "references": ("复制参考文献", "複製參考文獻", "Copy references"),
    "references_all": (
        "复制整个对话的参考文献",
        "複製整個對話的參考文獻",
        "Copy references of the whole conversation",
    ),
    "reference_style": ("参考文献格式", "參考文獻格式", "Style of the references"),
    "style_gbt7714": ("GB/T 7714", "GB/T 7714", "GB/T 7714"),
    "style_bibtex": ("BibTeX", "BibTeX", "BibTeX"),
    "style_ris": ("RIS", "RIS", "RIS"),
    "style_markdown": ("Markdown（含引文）", "Markdown（含引文）", "Markdown with quotes"),
    "copied": ("已复制", "已複製", "Copied"),
    "copy_failed": (
        "浏览器不允许复制，请手动选取",
        "瀏覽器不允許複製，請手動選取",
        "The browser refused; please select by hand",
    ),
    "unsupported": ("未获原文证实", "未獲原文證實", "not confirmed"),
    "unsupported_hint": (
        "这一句由语言模型写成，所引原文不足以证实它；编号所指只是最接近的原文。",
        "這一句由語言模型寫成，所引原文不足以證實它；編號所指只是最接近的原文。",
        "A language model wrote this sentence, and the passages do not bear it out; "
        "the numbers lead to what comes nearest.",
    ),
    "refused_hint": (
        "可以换个说法再问，或查看所载文献的目录。",
        "可以換個說法再問，或查看所載文獻的目錄。",
        "Try other words, or look through the list of documents.",
    ),
    "passage": ("原文", "原文", "Source text"),
    "close": ("关闭", "關閉", "Close"),
    "place": ("位置", "位置", "Place"),
    "section": ("章节", "章節", "Section"),
    "cited_here": ("本次回答的出处", "本次回答的出處", "Sources of this answer"),
    "repaired": ("本文曾受损，已修复。", "本文曾受損，已修復。", "This text reached us damaged and was repaired."),
    "as_received": ("查看这一处收到时的文字", "查看這一處收到時的文字", "See this place as it was received"),
    "omitted": ("此处略去 {n} 字", "此處略去 {n} 字", "{n} characters left out here"),
    "changed": (
        "这篇文献后来有变动或已移除，下面是回答时引用的原文。",
        "這篇文獻後來有變動或已移除，下面是回答時引用的原文。",
        "This document has been changed or removed since; below is the passage as it was quoted.",
    ),
    "reference": ("[{n}] 《{title}》：{quote}", "[{n}] 《{title}》：{quote}", "[{n}] {title}: {quote}"),
    "empty": ("请先输入问题。", "請先輸入問題。", "Please type a question first."),
    "long": (
        "问题有 {n} 个字符，超过了 {limit} 个字符的上限，请缩短后再问。",
        "問題有 {n} 個字元，超過了 {limit} 個字元的上限，請縮短後再問。",
        "The question has {n} characters; at most {limit} are accepted. Please shorten it.",
    ),
    "IndexMissing": (
        "没有找到索引，请管理员用 libqa build 重新建立。",
        "沒有找到索引，請管理員用 libqa build 重新建立。",
        "The index is missing; please have it rebuilt with libqa build.",
    ),
    "IndexMismatch": (
        "索引与当前的模型或版本不符，请管理员用 libqa build 重新建立。",
        "索引與目前的模型或版本不符，請管理員用 libqa build 重新建立。",
        "The index was made by another model or version; please have it rebuilt with libqa build.",
    ),
    "IndexBusy": (
        "索引正在更新，请稍后再问。",
        "索引正在更新，請稍後再問。",
        "The index is being updated; please try again in a moment.",
    ),
    "DocumentMissing": (
        "这篇文献已经移除。",
        "這篇文獻已經移除。",
        "This document has been removed.",
    ),
    "expired": (
        "服务器已重新启动，这条出处打不开了，请重新提问。",
        "伺服器已重新啟動，這條出處打不開了，請重新提問。",
        "The server has been restarted and no longer knows this source; please ask again.",
    ),
    "ModelError": (
        "模型文件缺失或损坏，请管理员重新安装 libqa。",
        "模型檔案缺失或損壞，請管理員重新安裝 libqa。",
        "A model is missing or damaged; please have libqa installed again.",
    ),
    "QuestionError": ("无法回答：{detail}", "無法回答：{detail}", "Cannot answer: {detail}"),
    "internal": (
        "程序出错，未能回答；详情已记入服务器日志。",
        "程式出錯，未能回答；詳情已記入伺服器日誌。",
        "Something went wrong and is in the server's log; there is no answer.",
    ),
    "meta_date": ("日期", "日期", "Date"),
    "meta_publisher": ("发布者", "發布者", "Publisher"),
    "meta_source": ("来源", "來源", "Source"),
    "meta_sources": ("来源", "來源", "Sources"),
    "meta_topic": ("主题", "主題", "Topic"),
    "meta_author": ("作者", "作者", "Author"),
    "meta_licence": ("许可", "授權", "Licence"),
    "meta_license": ("许可", "授權", "Licence"),
    "meta_confidence": ("可信度", "可信度", "Confidence"),
    "meta_facts": ("事实编号", "事實編號", "Facts"),
    "meta_language": ("语言", "語言", "Language"),
}

EXAMPLES: tuple[tuple[str, str, str], ...] = (
    ("联盟是什么时候成立的？", "聯盟是什麼時候成立的？", "In what year was the alliance formally founded?"),
    ("联盟的宗旨是什么？", "聯盟的宗旨是什麼？", "What is the purpose of the alliance?"),
    ("谁在论坛上作了主旨报告？", "誰在論壇上作了主旨報告？", "Who gave the keynote talks at the forum?"),
    ("有多少人线上参会？", "有多少人線上參會？", "How many people attended online?"),
    (
        "联盟计划成立哪些专家委员会？",
        "聯盟計劃成立哪些專家委員會？",
        "What are the six expert committees?",
    ),
    ("什么是“四共”？", "什麼是「四共」？", "What are the four goals of the alliance?"),
)
"""Questions a newcomer may try, on the corpus that comes with libqa."""


def say(key: str, language: Language, **values: object) -> str:
    """Return the interface text ``key`` in ``language`` with ``values`` filled in; it is plain text, not HTML."""
    text = _TABLE[key][LANGUAGES.index(language)]
    return text.format(**values) if values else text


def known(key: str) -> bool:
    """Tell whether the table has a text ``key``."""
    return key in _TABLE


def examples(language: Language) -> list[str]:
    """Return the example questions in ``language``."""
    column = LANGUAGES.index(language)
    return [row[column] for row in EXAMPLES]


def match_language(tag: str) -> Language | None:
    """Return the interface language for a BCP 47 tag such as ``zh-HK``, or ``None`` when there is none for it."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    if parts[0] == "en":
        return "en"
    if parts[0] != "zh":
        return None
    if "hans" in parts:
        return "zh-Hans"
    return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(parts) else "zh-Hans"


def choose_language(wanted: str | None, accept: str | None) -> Language:
    """Return the interface language: ``wanted`` (the page's ``?lang=``), else the browser's, else English.

    Parameters
    ----------
    wanted : a language tag, or ``None``; one that is not offered is passed over.
    accept : the Accept-Language header (RFC 9110, section 12.5.4), or ``None``; malformed parts are passed over.
    """
    if wanted and (language := match_language(wanted)):
        return language
    weighted: list[tuple[float, Language]] = []
    for part in (accept or "").split(","):
        tag, _, parameter = part.partition(";")
        language = match_language(tag)
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if language and weight > 0:
            weighted.append((weight, language))
    return max(weighted, key=lambda pair: pair[0])[1] if weighted else "en"
