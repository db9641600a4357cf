package com.shop;

public final class Money {
    private final long cents;

    public Money(long cents) {
        this.cents = cents;
    }

    public Money plus(Money other) {
        if (other.cents < 0) {
            throw new PaymentError("negative amount " + other.cents);
        }
        return new Money(cents + other.cents);
    }

    public long cents() {
        return cents;
    }
}
