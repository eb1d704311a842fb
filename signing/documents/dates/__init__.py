"""Dates as official Cambodian letters write them: the lunar line, Khmer, and English.

The lunar calendar (*chantokatek*) follows the rules published by Roath Kim Soeun in "Pratitin
Soryakkatik-Chankatik 1900-1999"; the new year follows the same tradition's *Soriyatra Loeung
Sak*. Begin with ``lunar.py`` (which day of the moon), then ``new_year.py`` (which animal and
which sak), then ``written.py`` (how it is written).
"""
