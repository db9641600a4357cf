// As it was written before classes.
var registry = (function () {
  var entries = {}
  return {
    get: function (name) { return entries[name] },
    set: function set(name, value) {
      if (value < 0) throw new Error(name + " must not be negative")
      entries[name] = value
    },
  }
})()

export function Ledger() {
  if (!(this instanceof Ledger)) return new Ledger()
  this.lines = []
}

Ledger.prototype.book = function (amount) {
  var self = this
  ;[1, 2].forEach(function eachHalf(part) {
    self.lines.push(check(amount / part))
  })
}

Ledger.posted = (amount) => registry.set("posted", amount)

var check = function (amount) {
  if (amount < 0)
    throw new Error("below zero")
  return amount
}
