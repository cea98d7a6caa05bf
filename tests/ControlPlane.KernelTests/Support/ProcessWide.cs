namespace ControlPlane.KernelTests.Support;

/// <summary>Tests of what the process has but once (descriptors, libbpf's callback): not beside others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class ProcessWide
{
    public const string Name = "process-wide";
}
