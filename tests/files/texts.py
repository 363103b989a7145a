"""The words of the sample files. Each fact stands in one file only; everything around it is filling."""

FILLING = {
    "zh": [
        "读者凭本人有效证件入馆，证件不得转借他人使用。",
        "阅览区内请保持安静，通话请到走廊或者休息区。",
        "珍贵文献只在特藏阅览室提供，取阅须填写申请单。",
        "馆员在服务台解答咨询，也可以通过邮件提出问题。",
        "电子资源供校园网内教学科研使用，不得恶意下载。",
        "逾期归还图书的读者，应当按照规定办理相应手续。",
        "座位预约系统每日清晨开放，爽约者将被暂停预约。",
        "新书上架之前先经过验收、加工、典藏等几道工序。",
        "研讨间供小组学习使用，离开时请带走个人的物品。",
        "自助借还设备全天运行，遇有故障请与值班员联系。",
        "培训讲座面向全体师生，内容包括检索与写作规范。",
        "捐赠的图书经过评估之后入藏，并向捐赠者致谢。",
    ],
    "en": [
        "Readers enter with a valid card, which may not be lent to anybody else.",
        "Please keep quiet in the reading areas and take calls in the corridor.",
        "Rare books are shown only in the special collections room, on a written request.",
        "Librarians answer questions at the desk, by letter and by electronic mail.",
        "Licensed resources serve teaching and research; systematic downloading is forbidden.",
        "Whoever returns a book late settles the matter at the circulation desk.",
        "Seats are booked in the morning, and unused bookings lapse without notice.",
        "New books are checked, catalogued and labelled before they reach the shelves.",
        "Group rooms serve joint study; take everything with you when you leave.",
        "The lending machines run day and night; call the porter if one of them fails.",
        "Training sessions are open to all members and treat searching and writing.",
        "Gifts are assessed before they are accepted, and the donor receives our thanks.",
    ],
}


def filling(language: str, paragraphs: int, first: int = 0) -> list[str]:
    """Paragraphs of several sentences each, none like another."""
    lines = FILLING[language]
    glue = "" if language == "zh" else " "
    return [
        glue.join(lines[(first + n * 5 + i * (1 + n % 3)) % len(lines)] for i in range(5)) for n in range(paragraphs)
    ]


# name -> (language, title, [(heading, fact)]): each heading stands on a page or slide of its own where there are pages
LONG = {
    "zh-chromium": ("zh", "南湖分馆建设方案", [
        ("一、概述", "南湖分馆由建筑师蒋慕白主持设计。"),
        ("二、投资", "南湖分馆工程总投资为一亿三千六百万元。"),
        ("三、进度", "南湖分馆计划于2031年4月17日竣工。"),
    ]),
    "en-chromium": ("en", "Harbour Campus Library Plan", [
        ("Overview", "The Harbour Campus Library was designed by Matilda Okonkwo."),
        ("Funding", "The Harbour Campus Library received 41.7 million euros from the Thorsen Foundation."),
        ("Schedule", "The Harbour Campus Library opens on 9 March 2032."),
    ]),
    "zh-writer": ("zh", "特藏修复工作报告", [
        ("概况", "特藏修复室现有修复师十七人。"),
        ("成果", "本年度修复民国期刊四千八百二十册。"),
        ("计划", "下一年度将引进真空冷冻干燥机两台。"),
    ]),
    "en-writer": ("en", "Annual Report of the Map Room", [
        ("Collection", "The map room holds 58,214 sheets."),
        ("Staff", "The keeper of the map room is Eleanor Whitcombe."),
        ("Outlook", "The map room will scan the Petersen atlas in the coming year."),
    ]),
    "zh-pandoc": ("zh", "机构知识库管理办法", [
        ("第一章 总则", "机构知识库由数字服务部负责运行。"),
        ("第二章 提交", "作者应在论文录用后九十日内提交全文。"),
        ("第三章 开放", "机构知识库的禁开期最长为十四个月。"),
    ]),
    "en-pandoc": ("en", "Interlibrary Loan Handbook", [
        ("Requests", "A request for interlibrary loan expires after 35 days."),
        ("Fees", "The fee for an interlibrary loan from abroad is 18 francs."),
        ("Contact", "Interlibrary loan is coordinated by Rosalind Achterberg."),
    ]),
    "zh-slides": ("zh", "阅读推广案例", [
        ("背景", "阅读推广项目“晨光书单”始于2018年。"),
        ("成效", "“晨光书单”累计推荐图书六百三十种。"),
        ("负责人", "“晨光书单”由流通部欧阳静怡负责。"),
    ]),
    "en-slides": ("en", "Teaching Data Skills", [
        ("Background", "The data skills course began with 26 students."),
        ("Results", "The data skills course was completed by 83 percent of its students."),
        ("Teachers", "The data skills course is taught by Ferdinand Kowalczyk."),
    ]),
    "zh-book": ("zh", "古籍编目手册", [
        ("版本鉴定", "鉴定版本时首先查看牌记。"),
        ("著录规则", "著录版框尺寸以首卷首叶的右半叶为准。"),
        ("分类", "丛书类目由编目员尉迟明远审定。"),
    ]),
    "en-book": ("en", "A Bindery Manual", [
        ("Paper", "The bindery uses kozo paper from Echizen for hinges."),
        ("Glue", "Wheat starch paste is kept for four days."),
        ("Leather", "Goatskin for the bindery is supplied by Harald Lindqvist."),
    ]),
}  # fmt: skip

ROWS = {
    "zh": [
        ["姓名", "部门", "电话", "入馆年份"],
        ["司徒清扬", "参考咨询部", "61024417", "2009"],
        ["轩辕子墨", "采访编目部", "61024433", "2014"],
        ["钟离若水", "技术保障部", "61024458", "2021"],
    ],
    "en": [
        ["Name", "Office", "Extension", "Subject"],
        ["Beatrix Lindholm", "Annex 204", "7716", "Chemistry"],
        ["Thaddeus Okafor", "Annex 311", "7742", "Musicology"],
        ["Saoirse Delacroix", "Tower 118", "7790", "Cartography"],
    ],
}
BUDGET = [
    ["项目", "预算（万元）", "执行率"],
    ["中文图书", 412.5, 0.873],
    ["外文期刊", 1268.0, 0.951],
    ["数据库", 2043.25, 0.998],
]
USAGE = [
    ["Branch", "Visits", "Opened"],
    ["Riverside", 128904, "1987-05-02"],
    ["Hilltop", 77310, "2003-09-14"],
    ["Old Town", 205118, "1969-11-30"],
]
LENDING = [["Branch", "Loans"], ["Millbrook", 64402], ["Ferry Lane", 31876], ["Castle Yard", 90213]]
