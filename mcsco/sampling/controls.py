"""What a user may turn while a simulation stands still."""

from mcsco.errors import check_real


class Controls:
    """Temperature, pressure and field of a simulation, checked whenever they are set."""

    @property
    def temperature(self) -> float:
        """Temperature, K."""
        return self._temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        self._temperature = check_real("temperature", value, above=0.0, unit="K")

    @property
    def pressure(self) -> float:
        """Pressure, GPa."""
        return self._pressure

    @pressure.setter
    def pressure(self, value: float) -> None:
        self._pressure = check_real("pressure", value, unit="GPa")

    @property
    def field(self) -> float:
        """Field conjugate to η, kJ/mol."""
        return self._field

    @field.setter
    def field(self, value: float) -> None:
        self._field = check_real("field", value, unit="kJ/mol")
