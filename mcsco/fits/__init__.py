"""Fits of a measured curve χT(T): Slichter-Drickamer, the mean field of a model, or the Landau potential."""

from mcsco.fits.curve_fit import CurveFit
from mcsco.fits.landau import fit_landau
from mcsco.fits.mean_field import fit_mean_field
from mcsco.fits.slichter_drickamer import fit_slichter_drickamer, hs_fraction

__all__ = ["CurveFit", "fit_landau", "fit_mean_field", "fit_slichter_drickamer", "hs_fraction"]
