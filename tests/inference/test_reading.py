"""Heartbeats come from all leads together; remarks say which leads are not good."""

import numpy as np

from einthoven.inference import reading
from einthoven.signal import heartbeats, quality


def test_heartbeats_come_from_whichever_lead_is_clear(ecg):
    lead = np.array(ecg[0][: 360 * 40])
    noise = 0.8 * np.random.default_rng(0).standard_normal(360 * 20)
    both = np.stack((lead, lead))
    both[0, : 360 * 20] += noise
    both[1, 360 * 20 :] += noise
    seen = quality.examine(both, ("I", "II"), 360.0)
    found = reading.find_heartbeats(both, seen)
    matched = heartbeats.match(heartbeats.find(lead, 360.0), found, 360.0, 50.0)
    assert matched.sensitivity > 0.95 and matched.positive_predictivity > 0.97


def test_no_heartbeat_is_sought_in_leads_that_are_flat_or_missing():
    silent = np.zeros((2, 3600), np.float32)
    silent[1] = np.nan
    assert not len(reading.find_heartbeats(silent, quality.examine(silent, ("I", "II"), 360.0)))


def test_leads_that_are_alike_share_a_remark(ecg):
    leads = np.stack((ecg[0][:3600], np.zeros(3600), np.zeros(3600)))
    told = reading.remarks_on(quality.examine(leads, ("I", "II", "III"), 360.0))
    assert told == ["Leads II, III: flat: 100% of the seconds have a range below 0.03 mV."]


def test_the_worst_lead_of_a_window_makes_it_doubtful(ecg):
    leads = np.stack((ecg[0][:7200], ecg[0][:7200]))
    leads[1, 5400:] = 0
    seen = quality.examine(leads, ("I", "II"), 360.0)
    assert reading.poor_lead(seen, 0, 3600) == "" and reading.poor_lead(seen, 0, 7200) == "flat lead II"
    assert reading.poor_lead(seen, 6000, 6000) == "flat lead II"
