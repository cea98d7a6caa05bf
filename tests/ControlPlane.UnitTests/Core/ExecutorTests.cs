using System.Collections.Frozen;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Plan;
using ControlPlane.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.UnitTests.Core;

/// <summary>A plan is applied whole or not at all, whichever of its kernel calls fails.</summary>
public sealed class ExecutorTests
{
    private const int Steps = 10;

    public static TheoryData<int> EveryCall { get; } = [.. Enumerable.Range(1, Steps)];

    [Theory]
    [MemberData(nameof(EveryCall))]
    public void Apply_NthCallRefused_EveryStepBeforeItIsUndone(int refused)
    {
        using var testbed = new Testbed();
        var before = testbed.Describe();
        var calls = 0;
        testbed.Gate.Fault = () => ++calls == refused ? new KernelException("bpf", Errno.ENOMEM, "ENOMEM") : null;

        var error = Assert.Throws<ControlPlaneException>(() => testbed.Apply([.. testbed.OneStepOfEachKind()])).Error;

        Assert.Equal((ErrorCode.KernelFailure, Errno.ENOMEM), (error.Code, error.Errno));
        Assert.Equal(before, testbed.Describe());
    }

    [Fact]
    public void Apply_NoCallRefused_EveryStepChangesTheKernel()
    {
        using var testbed = new Testbed();
        var steps = testbed.OneStepOfEachKind().ToList();
        Assert.Equal(Steps, steps.Count);
        foreach (var step in steps)
        {
            var before = testbed.Describe();
            testbed.Apply(step);
            Assert.NotEqual(before, testbed.Describe());
        }
    }

    [Fact]
    public void Inverse_OfTheInverse_IsTheStep()
    {
        using var testbed = new Testbed();
        Assert.All(testbed.OneStepOfEachKind(), step => Assert.Equal(Without(step), Without(step.Inverse!.Inverse!)));
    }

    // Only the planned step knows the element before, and whether it may be removed.
    private static KernelStep Without(KernelStep step) => step switch
    {
        KernelStep.SetElement set => set with { TargetMayBeMissing = false, Before = null, Replaces = false },
        _ => step,
    };

    private sealed class Testbed : IDisposable
    {
        private readonly SimulatedHost _host = SimulatedHost.WithInterfaces();
        private readonly IKernel _kernel;
        private readonly ControlPlaneState _shared;
        private readonly PlanContext _context;
        private readonly Executor _executor;
        private readonly DevmapId _devmap;

        public Testbed()
        {
            _kernel = Gate.Wrap(new SimulatedKernel(_host));
            _shared = new ControlPlaneState(new FactTimes(_kernel, TimeProvider.System));
            _context = new PlanContext(_shared, _kernel, TimeProvider.System);
            _context.Refresh();
            _executor = new Executor(_context, _shared, new StepRunner(_context, _kernel, _shared.Handles), NullLogger.Instance);
            _shared.Announce(InFlight.Of(FrozenSet<ElementId>.Empty));
            _kernel.PassPrograms.Adopt(new WriterScope(true));
            _devmap = _shared.Handles.Add(_kernel.OpenDevmap(new WriterScope(true), CoreFixture.Vlans));
            _context.State.Add(_devmap, CoreFixture.Vlans, 0);
            Apply(
                new KernelStep.LoadProgram("old", Config(EgressTemplate.Count), null),
                new KernelStep.LoadProgram("changed", Config(EgressTemplate.Count), null),
                new KernelStep.AttachRedirect(_devmap, Info("sim0"), new AttachmentSpec(AttachMode.Native)),
                new KernelStep.AttachPass(Info("sim2")),
                new KernelStep.SetElement(new ElementId(_devmap, 1), To("sim1"), null, false),
                new KernelStep.SetElement(new ElementId(_devmap, 2), To("sim1"), null, false));
        }

        public KernelGate Gate { get; } = new();

        public IEnumerable<KernelStep> OneStepOfEachKind() =>
        [
            new KernelStep.LoadProgram("new", Config(EgressTemplate.Drop), null),
            new KernelStep.LoadProgram("changed", Config(EgressTemplate.Drop), Config(EgressTemplate.Count)),
            new KernelStep.UnloadProgram("old", Config(EgressTemplate.Count)),
            new KernelStep.DetachRedirect(_devmap, "sim0", Info("sim0"), AttachMode.Native),
            new KernelStep.AttachRedirect(_devmap, Info("sim0"), new AttachmentSpec(AttachMode.Generic)),
            new KernelStep.DetachPass("sim2", Info("sim2")),
            new KernelStep.AttachPass(Info("sim3")),
            new KernelStep.SetElement(new ElementId(_devmap, 1), To("sim3", "new"), To("sim1"), true),
            new KernelStep.DeleteElement(new ElementId(_devmap, 2), To("sim1")),
            new KernelStep.SetElement(new ElementId(_devmap, 3), To("sim3"), null, false),
        ];

        public void Apply(params KernelStep[] steps) =>
            _executor.Apply(new WriterScope(true), new WritePlan(Footprint.Alone, [new Placement.OfObject(steps)], 1));

        /// <summary>Returns all that steps can change, without ids.</summary>
        public string Describe()
        {
            var map = _shared.Handles[_devmap];
            return string.Join('\n', [
                .. _host.Programs.Values.Select(p => $"{p.Name} {p.Config}").Order(StringComparer.Ordinal),
                .. map.Links.Select(l => $"{l.Interface} {l.Ifindex} {l.Mode}").Order(StringComparer.Ordinal),
                .. _kernel.PassPrograms.Attached.Select(p => $"pass {p.Interface} {p.Ifindex}").Order(StringComparer.Ordinal),
                .. Enumerable.Range(1, 3).Select(k => map.TryLookup((uint)k, out var e) ? $"{k} -> {e}" : $"{k} -> nothing"),
            ]);
        }

        public void Dispose()
        {
            _shared.Facts.Dispose();
            _shared.Handles.Dispose();
            _kernel.Dispose();
            Gate.Dispose();
        }

        private static EgressProgramConfig Config(EgressTemplate template) => new(template);

        private InterfaceInfo Info(string name) => _host.Interfaces.Find(name)!;

        private Element To(string name, string? program = null) => new(name, Info(name).Ifindex, program, null);
    }
}
