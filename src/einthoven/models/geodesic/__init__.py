"""Simulate how activation spreads from early sites, and fit the sites to a simulated ECG: no recording is explained by it."""

from einthoven.models.geodesic.arrival import arrival
from einthoven.models.geodesic.electrodes import around, lead_field
from einthoven.models.geodesic.fitting import Fit, fit
from einthoven.models.geodesic.heart import Geodesic
from einthoven.models.geodesic.mesh import mesh
from einthoven.models.geodesic.mesh_file import read_mesh
from einthoven.models.geodesic.sheet import sheet
from einthoven.models.geodesic.tissue import Tissue, conduction

__all__ = [
    "Fit",
    "Geodesic",
    "Tissue",
    "around",
    "arrival",
    "conduction",
    "fit",
    "lead_field",
    "mesh",
    "read_mesh",
    "sheet",
]
