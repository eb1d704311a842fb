"""``/my/signing-keys``: where people see to their keys in the state's HSM: PIN, opening, end."""
