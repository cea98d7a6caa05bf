using CsCheck;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>The operations of every caller, one after the other.</summary>
/// <param name="Seed">Of whatever else is left to chance: pauses and refusals.</param>
/// <param name="Scripts">A script for each caller.</param>
internal sealed record Scenario(int Seed, Step[][] Scripts)
{
    private const int MostCallers = 6;
    private const int MostSteps = 9;

    /// <summary>Scenarios of 2 to 6 callers with up to 9 steps each.</summary>
    /// <param name="flapping">Whether an interface comes and goes.</param>
    public static Gen<Scenario> Generator(bool flapping = false)
    {
        var step = flapping
            ? Gen.Frequency((9, Steps), (2, Gen.Bool.Select(b => new Step(new Operation.SetLink(SmallSetup.Flapping, b), false))))
            : Steps;
        return Gen.Select(
            Gen.Int.NonNegative, step.Array[1, MostSteps].Array[2, MostCallers], (seed, scripts) => new Scenario(seed, scripts));
    }

    /// <summary>The operations done before, so that the callers have something to conflict about.</summary>
    public static IReadOnlyList<Step> Prelude { get; } =
    [
        new(new Operation.PutProgram("p", "count"), IsHasty: false),
        new(new Operation.PutEntry(SmallSetup.ByVlan.Name, "1", "sim1", "p", 1, AllowPending: false), IsHasty: false),
        new(new Operation.PutEntry(SmallSetup.ByInterface.Name, "sim0", SmallSetup.Flapping, null, 1, AllowPending: false), IsHasty: false),
    ];

    public override string ToString() =>
        $"seed {Seed}\n{string.Join('\n', Scripts.Select((s, n) => $"caller {n}:\n  {string.Join("\n  ", s.Select(step => step.ToString()))}"))}";

    private static Gen<Step> Steps { get; } = Operations();

    private static Gen<Step> Operations()
    {
        var key = Gen.OneOf([.. SmallSetup.Keys]);
        var target = Gen.OneOf("sim1", "sim2", SmallSetup.Flapping, SmallSetup.Flapping);
        var program = Gen.OneOf<string?>(null, null, "p", "p", "q");
        var name = Gen.OneOf("p", "q");
        var putEntry = Gen.Select(
            key, target, program, Gen.Int[1, 3], Gen.Bool,
            (k, t, p, label, pending) => (Operation)new Operation.PutEntry(k.Devmap, k.Key, t, p, label, pending));
        var keys = SmallSetup.Keys.ToLookup(k => k.Devmap);
        var putBoth = Gen.Select(
            putEntry, putEntry, Gen.OneOf([.. keys[SmallSetup.ByVlan.Name]]), Gen.OneOf([.. keys[SmallSetup.ByInterface.Name]]),
            (first, second, vlan, name) => (Operation)new Operation.PutBoth(
                (Operation.PutEntry)first with { Devmap = vlan.Devmap, Key = vlan.Key }, (Operation.PutEntry)second with { Devmap = name.Devmap, Key = name.Key }));
        var putTable = Gen.Select(
            putEntry, Gen.OneOf([.. keys[SmallSetup.ByVlan.Name]]),
            (put, vlan) => (Operation)new Operation.PutTable((Operation.PutEntry)put with { Devmap = vlan.Devmap, Key = vlan.Key }));
        var operation = Gen.Frequency(
            (10, putEntry),
            (4, putBoth),
            (3, putTable),
            (4, key.Select(k => (Operation)new Operation.DeleteEntry(k.Devmap, k.Key))),
            (6, key.Select(k => (Operation)new Operation.GetEntry(k.Devmap, k.Key))),
            (2, Gen.Select(name, Gen.OneOf("count", "drop"), (n, t) => (Operation)new Operation.PutProgram(n, t))),
            (1, name.Select(n => (Operation)new Operation.DeleteProgram(n))),
            (1, name.Select(n => (Operation)new Operation.GetProgram(n))),
            (2, Gen.Select(target, program, (t, p) => (Operation)new Operation.SetEgressProgram(t, p))));
        var condition = Gen.Frequency(
            (5, Gen.Const(Condition.None)),
            (4, Gen.Const(Condition.AsSeen)),
            (1, Gen.OneOf(Condition.MustExist, Condition.MustNotExist)));
        return Gen.Select(
            operation, condition, Gen.Int[0, 15], (o, c, hasty) => new Step(o with { Condition = c }, IsHasty: hasty == 0));
    }
}

/// <summary>One step of a caller.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="IsHasty">It takes it back at once, which succeeds if the writer has not begun with it.</param>
internal sealed record Step(Operation Operation, bool IsHasty);
