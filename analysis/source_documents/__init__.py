"""Every quantitative statement of the source documents, as a number of its own beside the printed one.

    python -m analysis.source_documents --full --table docs/source-documents-table.md --figure docs/images

The statements are numbered 1 to 40. Each has a row, or several: what is printed, what the Landau potential of the
source paper says, what the mean field of the simulated model says, what the simulation says with its standard error,
and a verdict that follows from these numbers and the tolerance of the row. Statements that a model of this kind cannot
answer stay in the table with the reason.

Source documents: Valverde-Muñoz et al., Mater. Horiz. 12, 1463 (2025), DOI 10.1039/d4mh01318b ("paper"); Zhao et al.,
supporting information on cyanide-bridged {Fe2M} clusters ("clusters"); an abstract on pressure and light in
spin-crossover materials ("abstract").
"""
