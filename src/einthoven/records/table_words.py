"""Know the words of heads and columns, in the languages of the devices and apps that write tables."""

import re

from einthoven.signal.lead_names import known_lead

TIME_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "sekunden": "s", "ms": "ms", "msec": "ms",
    "millisecond": "ms", "milliseconds": "ms", "us": "us", "µs": "us", "μs": "us", "usec": "us", "microseconds": "us",
    "ns": "ns", "nanoseconds": "ns", "min": "min",
}  # fmt: skip
"""Unit of time of each spelling."""
VOLTAGE_UNITS = {
    "v": "V", "volt": "V", "volts": "V", "mv": "mV", "millivolt": "mV", "millivolts": "mV", "uv": "uV", "µv": "uV",
    "μv": "uV", "microvolt": "uV", "microvolts": "uV", "micro volt": "uV", "mikrovolt": "uV", "nv": "nV", "nanovolts": "nV",
    "мкв": "uV", "мв": "mV", "микровольт": "uV", "мікровольт": "uV", "微伏": "uV", "微伏特": "uV", "毫伏": "mV", "毫伏特": "mV",
    "マイクロボルト": "uV", "ミリボルト": "mV", "마이크로볼트": "uV", "밀리볼트": "mV",
}  # fmt: skip
"""Unit of voltage of each spelling in lower case, a key of UNITS_MV."""
OTHER_UNITS = frozenset(
    (
        *(
            "g",
            "mg",
            "m/s2",
            "m/s²",
            "m/s^2",
            "dps",
            "°/s",
            "deg/s",
            "rad/s",
            "ut",
            "µt",
            "μt",
            "bpm",
            "1/min",
            "/min",
            "%",
        ),
        *("°c", "degc", "c", "mmhg", "cmh2o", "kpa", "pa", "nu", "adu", "counts", "count", "raw", "a.u.", "au", "ohm"),
        *("ohms", "us/cm", "l", "l/s", "hz", "lux", "no_units", "no units", "unitless", "none", "bool"),
    )
)
"""Units of columns that are no voltage."""
COUNT_UNITS = frozenset(("adu", "counts", "count", "raw", "a.u.", "au", "nu", "adc", "lsb"))

RATE_KEY = re.compile(
    r"(sampl\w*[\s_.\-]*(rate|freq\w*)|^(fs|sr|sfreq|srate|hz|rate|frequency)$|abtast(rate|frequenz)|messfrequenz"
    r"|fr[ée]quence d.?[ée]chantillonnage|frecuencia de muestreo|tasa de muestreo|frequenza di campionamento"
    r"|(taxa|frequ[êe]ncia) de amostragem|bemonsteringsfrequentie|samplingsfrekvens|cz[ęe]stotliwo[śs][ćc] pr[óo]bkowania"
    r"|частота дискретизации|采样|採樣|取樣|サンプル|サンプリング|샘플)",
    re.IGNORECASE,
)
PER_SAMPLE = re.compile(r"^\s*([\d.,]+)\s*(msec|ms|usec|us|sec|s)\s*/\s*sample\s*$", re.IGNORECASE)
PERIOD_KEY = re.compile(r"^(interval|sample\s*interval|sampling\s*(interval|period)|time\s*step|dt)$", re.IGNORECASE)
UNIT_KEY = re.compile(
    r"^(units?|unitname|einheit|unit[ée]s?|unidad(es)?|unit[àa]|eenheid|unidade|enhet|jednostka|единица|单位|單位|単位|단위)"
    r"(\s*(of measure\w*|de medida))?$",
    re.IGNORECASE,
)
LEAD_KEY = re.compile(
    r"^(leads?|ableitung(en)?|d[ée]rivations?|derivaci[óo]n(es)?|deriva[çc][ãa]o|derivazione|afleiding|avledning"
    r"|odprowadzenie|отведение|导联|導聯|導程|誘導|유도)$",
    re.IGNORECASE,
)
LEAD_TOKEN = re.compile(r"(?<![A-Za-z\d])(I{1,3}|aV[RLF]|V[1-6])(?![A-Za-z\d])")
HERTZ = re.compile(
    r"^\s*([\d.,]+)\s*(her[tc]\w*|hz|γ?χερτζ|гц|герц\w*|赫兹|赫茲|ヘルツ|헤르츠|הרץ|هرتز|เฮิรตซ์|हर्ट्ज़?"
    r"|samples?\s*/\s*s(ec)?|sps)\s*$",
    re.IGNORECASE,
)
NAME_KEY = re.compile(r"^(name|nombre|nom|nome|naam|namn|имя|姓名|名前|이름)$", re.IGNORECASE)
BIRTH_KEY = re.compile(
    r"^(date of birth|birth\s*date|geburtsdatum|date de naissance|fecha de nacimiento|data di nascita|data de nascimento"
    r"|geboortedatum|f[öo]delsedatum|出生日期|生年月日|생년월일)$",
    re.IGNORECASE,
)
RECORDED_KEY = re.compile(
    r"^(recorded date|recording date|aufzeichnungsdatum|aufnahmedatum|date d.?enregistrement|fecha de (registro|grabaci[óo]n)"
    r"|data (di )?registrazione|data (de|da) grava[çc][ãa]o|registratiedatum|记录日期|記錄日期|記録日|기록일)$",
    re.IGNORECASE,
)
DEVICE_KEY = re.compile(
    r"^(device|board|ger[äa]t|appareil|dispositivo|apparaat|enhet|устройство|设备|裝置|デバイス|기기)$", re.IGNORECASE
)
CLASS_KEY = re.compile(
    r"^(classification|klassifi(zierung|kation)|clasificaci[óo]n|classificazione|classifica[çc][ãa]o|classificatie|klassificering"
    r"|分类|分類|분류)$",
    re.IGNORECASE,
)

TIME_NAME = re.compile(
    r"(.*\b(time|timestamps?|zeit|temps|tiempo|tempo|tijd|tid|czas|время|date|datetime|datum|uhrzeit|clock|elapsed|uptime|unix|utc"
    r"|epoch|时间|時間|시간)\b.*|t|sec|secs|seconds?|ms|msec|millis|micros|us|ns|s|time\s*stamp.*)",
    re.IGNORECASE,
)
INDEX_NAME = re.compile(
    r"(unnamed\W*\d*|index|idx|id|n|no|nr|row|#|nseq|seq|sequence|counter|count|packet|(sample|frame)s?\s*(#|n\w*|index|id|count\w*)?"
    r"|(sample|packet|frame)\s*(index|num\w*|no|id|counter)|point|linenum)",
    re.IGNORECASE,
)
OTHER_NAME = re.compile(
    r".*(\b(acc|accel|acceleration|accelerometer|gyro?|gyroscope|mag|magn|magnetometer|resp|respiration|breath\w*|atmung|thorax|abdomen"
    r"|ppg|pleth|plethysmogram|spo2|sao2|abp|art|cvp|pap|bp|nibp|icp|co2|pulse|hr|heart\s*rate|bpm|rr|rri|ibi|hrv|eda|gsr|scl|emg"
    r"|eeg|eog|temp|temperature|battery|batt|marker|markers|event|events|trigger|label|labels|annotation|annotations|ann|class|beat"
    r"|beats|quality|sqi|contact|lead\s*off|leads\s*off|loff|lo\s*[+\-]|status|lux|light|analog|digital|other|rpeaks?|r\s*peaks?"
    r"|peaks?|patient|subject|record|latitude|longitude|speed|rssi|ambient|electrodes?\s*(on|off)|activity|posture|steps?)\b"
    r"|(acc|accel|gyro|mag)\s*[xyz]\b|\b(rsp|(rsp|ppg|eda|gsr|emg|eeg|eog|egg|skt)\d{3}[a-z]?)\b).*",
    re.IGNORECASE,
)


def unit_of(text: str) -> str:
    """Return a unit without the brackets around it, in lower case.

    Parameters
    ----------
    text : str
        A cell such as ``(mV)`` or ``[ms]``.

    Returns
    -------
    str
    """
    return text.strip().strip("[](){}*").strip().lower()


def is_unit(text: str) -> bool:
    """Return whether a cell holds a unit, or the form of a time.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    bool
    """
    word = unit_of(text)
    is_form = re.fullmatch(r"(hh:)?mm:ss(\.m+)?|yyyy.*|hh:.*", word) is not None
    is_interval = re.fullmatch(r"[\d.]+\s*(sec|s|ms)", word) is not None
    return word in TIME_UNITS or word in VOLTAGE_UNITS or word in OTHER_UNITS or is_form or is_interval


def number_in(text: str) -> float | None:
    """Return the number that a value begins with.

    Parameters
    ----------
    text : str
        Such as ``512 hertz``, ``1.234,5``, ``250.0 Hz``.

    Returns
    -------
    float or None
    """
    match = re.match(r"\s*[\"']?\s*(\d{1,9}(?:[.,]\d{1,12})?(?:[eE][+\-]?\d{1,2})?)", text)
    return float(match[1].replace(",", ".")) if match else None


def lead_among(text: str, key: str) -> str | None:
    """Return the lead that stands among words of any language.

    Parameters
    ----------
    text : str
        Such as ``Svod I``, ``I. elvezetés`` or ``第I誘導``.
    key : str
        What stands before it in the file.

    Returns
    -------
    str or None
        None unless exactly one limb lead, augmented or precordial lead is named, in at most three words.

    Examples
    --------
    >>> [lead_among(text, "key") for text in ("I. elvezetés", "第I誘導", "Svod V1", "Vitamin I and II", "µV")]
    ['I', 'I', 'V1', None, None]
    """
    found = LEAD_TOKEN.findall(text)
    is_name = NAME_KEY.match(key) is not None or len(text.split()) > 3
    return known_lead(found[0]) if len(found) == 1 and not is_name else None


def whole_rate(fs_hz: float) -> float:
    """Return a whole number where a printed interval cannot be told from that of a whole rate.

    Parameters
    ----------
    fs_hz : float, Hz
        One over the interval.

    Returns
    -------
    float, Hz
    """
    return float(round(fs_hz)) if fs_hz >= 1 and abs(fs_hz / round(fs_hz) - 1) < 2e-4 else fs_hz
