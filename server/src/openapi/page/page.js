// The filter, and copying a call. Without this the page is whole, only longer.
const filter = document.getElementById("filter");
const nothing = document.getElementById("nothing");
const links = [...document.querySelectorAll("nav li")].map((item) => {
  const link = item.querySelector("a");
  const article = document.getElementById(link.hash.slice(1));
  return { item, article, text: `${item.dataset.text} ${item.textContent}`.toLowerCase() };
});

filter.hidden = false;
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/);
  for (const { item, article, text } of links) {
    item.hidden = article.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of document.querySelectorAll("nav details, main > section:has(article)")) {
    group.hidden = !group.querySelector("li:not([hidden]), article:not([hidden])");
  }
  nothing.hidden = links.some(({ item }) => !item.hidden);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input")) {
    event.preventDefault();
    filter.focus();
  }
});

for (const code of document.querySelectorAll("h4 + pre")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  code.before(button);
}
