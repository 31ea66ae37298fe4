/** A modal `<dialog>` with a title and a way to close it; the browser keeps the focus inside and gives it back. */

export function makeDialog(title: string, id: string, body: string, footer = ''): HTMLDialogElement {
  const dialog = document.createElement('dialog');
  dialog.id = id;
  dialog.setAttribute('aria-labelledby', `${id}-title`);
  dialog.innerHTML = `<form method="dialog"><header><h2 id="${id}-title">${title}</h2><button class="close" value="cancel" aria-label="Close" formnovalidate>&times;</button></header>
    <div class="body">${body}</div>${footer && `<footer>${footer}</footer>`}</form>`;
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close('cancel'); });
  document.body.append(dialog);
  return dialog;
}
