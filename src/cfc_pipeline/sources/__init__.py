"""A survey tool's answer -> raw records. One file per tool."""
