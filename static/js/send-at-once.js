// A step that asks nothing of the reader is sent on by itself; without scripts there is its button.
document.querySelector('form[data-send-at-once]')?.submit();
