package com.shop;

import java.util.ArrayList;
import java.util.List;

public class Checkout {
    private final List<Money> lines = new ArrayList<>();

    Checkout add(long cents) {
        lines.add(new Money(cents));
        return this;
    }

    Money total() {
        Money sum = new Money(0);
        for (Money line : lines) {
            sum = sum.plus(line);
        }
        return sum;
    }

    Money total(Money shipping) {
        Money items = total();
        return items.plus(shipping);
    }

    void pay(String card) {
        Runnable charge = () -> {
            Money due = total(new Money(499));
            System.out.println(card + " pays " + due.cents());
        };
        charge.run();
    }
}
