import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from thumbnail import LARGE, plan


class Plan(unittest.TestCase):
    def test_a_small_photo_gets_one_thumbnail(self):
        self.assertEqual(plan("in/cat.jpg", 1024), [(160, "160/in/cat.webp")])

    def test_a_large_photo_gets_all_widths(self):
        self.assertEqual([width for width, _ in plan("in/cat.JPG", LARGE)], [160, 640, 1280])

    def test_what_is_not_a_photo_gets_none(self):
        self.assertEqual(plan("in/notes.txt", 1024), [])
        self.assertEqual(plan("in/empty.jpg", 0), [])


if __name__ == "__main__":
    unittest.main()
