"""A drawing as the address of an image: the pages' HTML takes no SVG."""

from __future__ import annotations

import base64


def document(inside: str, width: int, height: int) -> str:
    """SVG that is stretched to the size of its image."""
    size = f'viewBox="0 0 {width} {height}" preserveAspectRatio="none"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>'


def address(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
