"""Words of released files, in Kazakh, Russian and English."""

from typing import NamedTuple


class Text(NamedTuple):
    """One phrase in the three languages."""

    kk: str
    ru: str
    en: str

    def together(self) -> str:
        """All three, one under the other, as a heading."""
        return f"{self.kk}\n{self.ru}\n{self.en}"

    def filled(self, **values: object) -> "Text":
        """The phrase with its values; a value may be a phrase itself."""
        return Text(
            *(
                line.format(**{name: value[at] if isinstance(value, Text) else value for name, value in values.items()})
                for at, line in enumerate(self)
            )
        )


HIDDEN_MARK = "*"

PROGRAMME = Text("Бағдарлама", "Программа", "Programme")
REGION = Text("Аймақ", "Регион", "Region")
ORGANIZATION = Text("Ұйым", "Организация", "Organisation")
SITE = Text("Учаске", "Участок", "Site")
AGE = Text("Жасы", "Возраст", "Age")
SEX = Text("Жынысы", "Пол", "Sex")
UNIT = Text("Бөлініс", "Разрез", "Breakdown")
ALL = Text("Барлығы", "Всего", "All")
NO_SITE = Text("Учаскесіз", "Без участка", "No site")
NOT_ATTACHED = Text("Ұйымсыз", "Без организации", "No organisation")

SEXES = {
    "female": Text("Әйелдер", "Женщины", "Women"),
    "male": Text("Ерлер", "Мужчины", "Men"),
    "other": Text("Басқа", "Иной", "Other"),
    "unknown": Text("Белгісіз", "Не указан", "Unknown"),
}
PROGRAMMES = {
    "breast": Text("Сүт безі обыры", "Рак молочной железы", "Breast cancer"),
    "cervix": Text("Жатыр мойны обыры", "Рак шейки матки", "Cervical cancer"),
    "cvd_dm": Text(
        "Қан айналымы жүйесі аурулары, қант диабеті, глаукома",
        "Болезни системы кровообращения, сахарный диабет, глаукома",
        "Circulatory diseases, diabetes, glaucoma",
    ),
}
STEPS = {
    "eligible": Text("Тексеруге жататындар", "Подлежащие", "Eligible"),
    "listed": Text("Тізімге енгендер", "Внесённые в список", "Listed"),
    "recorded": Text("Қызметі жазылғандар", "С записанными услугами", "Recorded"),
    "confirmed": Text("Қызметі расталғандар", "С подтверждёнными услугами", "Confirmed"),
}
SHARES = {
    "denominator": Text("Бөлім", "Знаменатель", "Denominator"),
    "numerator": Text("Алым", "Числитель", "Numerator"),
}
RECORDED_SHARE = Text("Жазылғаны, жататындардан %", "Записано, % подлежащих", "Recorded, % of eligible")
CONFIRMED_SHARE = Text("Расталғаны, жататындардан %", "Подтверждено, % подлежащих", "Confirmed, % of eligible")
SHARE_HEADING = Text("Үлесі, %", "Доля, %", "Share, %")

COVERAGE_TITLE = Text("Скринингпен қамту", "Охват скринингом", "Screening coverage")
COVERAGE_SHEET = Text("Қамту", "Охват", "Coverage")
DEFINITIONS_SHEET = Text("Анықтамалар", "Определения", "Definitions")
TERM = Text("Көрсеткіш", "Показатель", "Term")
MEANING = Text("Мағынасы", "Значение", "Meaning")

STEP_MEANINGS = {
    "eligible": Text(
        "Ай соңында бағдарламаның нысаналы тобына жататын бекітілген тірі адамдар.",
        "Живые прикреплённые люди, которые на конец месяца входят в целевую группу программы.",
        "Living attached people who belong to the programme's target group at the end of the month.",
    ),
    "listed": Text(
        "Солардың ішінде жылдық тізімге енгендер.",
        "Из них внесённые в список года.",
        "Those of them who are on the list of the year.",
    ),
    "recorded": Text(
        "Солардың ішінде барлық міндетті қызметі жазылғандар; жазба әлі факт емес.",
        "Из них те, у кого записаны все обязательные услуги; запись ещё не факт.",
        "Those of the eligible with every required service recorded; a record is not yet a fact.",
    ),
    "confirmed": Text(
        "Солардың ішінде қызметі құрылғымен, зертханамен, суретпен немесе қатысуымен расталғандар.",
        "Из них те, у кого услуги подтверждены прибором, лабораторией, снимком или присутствием.",
        "Those of them whose services are confirmed by a device, a laboratory, an image or presence.",
    ),
}
HIDDEN_MEANING = Text(
    "Жасырылған: 1-ден {below}-ке дейінгі сан немесе оны есептеп шығаруға мүмкіндік беретін сан (нөл де болуы мүмкін).",
    "Скрыто: число от 1 до {below} или число, по которому его можно вычислить (может быть и ноль).",
    "Hidden: a count of 1 to {below}, or a count from which one could be worked out (a zero, too).",
)
EMPTY_ROWS = Text(
    "Тексеруге жататын адам жоқ жолдар көрсетілмеген.",
    "Строки, где подлежащих нет, не показаны.",
    "Rows without anybody eligible are left out.",
)
PERIOD = Text("Кезең", "Период", "Period")
AS_OF = Text("Деректердің жағдайы", "Данные по состоянию на", "Data as of")
THRESHOLD = Text("Жасыру шегі", "Порог скрытия", "Suppression threshold")
RELEASE_NUMBER = Text("Шығарылым нөмірі", "Номер выпуска", "Release number")
HIDDEN_CELLS = Text("Жасырылған ұяшықтар", "Скрыто ячеек", "Cells hidden")
SHOWN_CELLS = Text("Көрсетілген ұяшықтар", "Показано ячеек", "Cells shown")
RULE_VERSION = Text("Ереже нұсқасы және дереккөзі", "Версия правила и источник", "Rule version and source")

AGGREGATOR = Text("Агрегатор", "Агрегатор", "Aggregator")
RELEASE_REFUSED = {
    "no_aggregator": Text(
        "дербес медициналық деректер агрегаторы аталмаған",
        "агрегатор персональных медицинских данных не назван",
        "nobody is named as the aggregator of personal medical data",
    ),
    "not_aggregator": Text(
        "шығарылымдарды тек агрегатор қызметкерлері жасайды",
        "выпуски делают только сотрудники агрегатора",
        "only staff of the aggregator make releases",
    ),
    "not_permitted": Text(
        "бұл есептік жазбаға көрсеткіштерді көруге рұқсат жоқ",
        "этой учётной записи не разрешено видеть показатели",
        "this account may not see the figures",
    ),
    "closed": Text(
        "есептік жазба қазір жабық: тыйым, жұмыс уақыты немесе рұқсат мерзімі",
        "учётная запись сейчас закрыта: запрет, рабочее время или срок допуска",
        "the account is closed now: a ban, its working hours or its permit",
    ),
    "unprotected": Text(
        "дербес деректерді қорғау тексерулері орындалмаған",
        "не выполнены проверки защиты персональных данных",
        "checks of the protection of personal data are not met",
    ),
}
"""Why the operational app lets somebody release nothing."""

NOT_PROTECTABLE = Text(
    "бір ұяшықты ({cell}) қорғау мүмкін емес",
    "одну ячейку ({cell}) невозможно защитить",
    "the cell {cell} cannot be protected",
)
REFUSED_AFTER = Text(
    "бас тартылды, өйткені оқырманда мыналар бар: {earlier}; {why}",
    "отказано, так как у читателя уже есть {earlier}: {why}",
    "refused, with {earlier} in the reader's hands: {why}",
)
REFUSED_TOGETHER = Text(
    "бас тартылды: бұл кесте мен {earlier} бірге {count} жасырын санды ашады",
    "отказано: эта таблица и {earlier} вместе раскрывают скрытые числа ({count})",
    "refused: this table and {earlier} together give away hidden counts ({count})",
)
OTHER_DIMENSIONS = Text(
    "бас тартылды: {family} бұрын басқа өлшемдермен шығарылған",
    "отказано: {family} раньше выпускалось в других измерениях",
    "refused: {family} was released by other dimensions before",
)
EARLIER_RELEASE = Text(
    "№{number} шығарылым ({name} {period}, {released_at})",
    "выпуск {number} ({name} {period}, {released_at})",
    "release {number} ({name} {period}, {released_at})",
)
NO_EARLIER_RELEASE = Text("бұрынғы шығарылымсыз", "без прежних выпусков", "no earlier release")
NOT_BUILT = Text(
    "деректер қоймасы әлі жоқ; іске қосыңыз: saulyq pipeline run",
    "хранилище ещё не построено; запустите: saulyq pipeline run",
    "the warehouse is not built yet; run: saulyq pipeline run",
)
NOBODY_ELIGIBLE = Text(
    "{period} кезеңінде скринингке жататын адам болмаған",
    "в период {period} никто не подлежал скринингу",
    "nobody was eligible for a screening in {period}",
)
NO_CASE = Text(
    "{period} кезеңінде {code} бойынша жағдай жоқ",
    "в период {period} нет случаев {code}",
    "{code} has no case in {period}",
)
NO_INDICATOR = Text("{code} көрсеткіші жоқ", "нет показателя {code}", "no indicator {code}")
NO_RELEASE = Text(
    "{name} шығарылымы жоқ; бары: {known}", "нет выпуска {name}; есть: {known}", "no release {name}; there are: {known}"
)
NO_PERIOD = Text(
    "{period} ай (2026-11) да, жыл (2026) да емес",
    "{period} не месяц (2026-11) и не год (2026)",
    "{period} is neither a month (2026-11) nor a year (2026)",
)
