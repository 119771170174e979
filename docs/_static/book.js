// Boxes that scroll sideways can be reached and scrolled by keyboard.
document.addEventListener("DOMContentLoaded", () => {
  const reachable = () => {
    for (const box of document.querySelectorAll(".table-wrapper, div.highlight pre, mjx-container, .sig, .output pre")) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
      }
    }
  };
  reachable();
  addEventListener("resize", reachable);
  addEventListener("load", () => setTimeout(reachable, 500));
});
