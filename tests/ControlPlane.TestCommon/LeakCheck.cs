using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ControlPlane.TestCommon;

/// <summary>
/// The test framework of all test projects: xunit's, with a check after the last test. The run fails if an interface, a named namespace,
/// a pin, a process or a temporary file of the run is left. A test that needs a feature which the kernel lacks (<see cref="KernelNeeds"/>) is
/// reported as skipped.
/// </summary>
/// <remarks>A test project selects it with <c>[assembly: TestFramework]</c> in its <c>AssemblySettings.cs</c>.</remarks>
public sealed class LeakCheck(IMessageSink messages) : XunitTestFramework(messages)
{
    /// <inheritdoc/>
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(AssemblyName assembly, ISourceInformationProvider sources, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(assembly, sources, diagnostics)
    {
        protected override async void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
        {
            using var runner = new Runner(TestAssembly, testCases, DiagnosticMessageSink, new SkippingSink(executionMessageSink), executionOptions);
            await runner.RunAsync();
        }
    }

    private sealed class Runner : XunitTestAssemblyRunner
    {
        private readonly TestRun _run = TestRun.Begin();

        public Runner(
            ITestAssembly assembly, IEnumerable<IXunitTestCase> testCases, IMessageSink diagnostics, IMessageSink execution, ITestFrameworkExecutionOptions options)
            : base(assembly, testCases, diagnostics, execution, options)
        {
        }

        protected override async Task BeforeTestAssemblyFinishedAsync()
        {
            await base.BeforeTestAssemblyFinishedAsync();
            try
            {
                await _run.EndAsync();
            }
            catch (TimeoutException leak)
            {
                // In the place of the exception's type, because the adapter prints the message itself only in detailed output.
                ExecutionMessageSink.OnMessage(new TestAssemblyCleanupFailure([], TestAssembly, [leak.Message], [""], [""], [-1]));
            }
        }
    }

    /// <summary>Passes on all messages. A failure for want of a kernel feature becomes a skip.</summary>
    private sealed class SkippingSink(IMessageSink inner) : LongLivedMarshalByRefObject, IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message) => inner.OnMessage(
            message is ITestFailed failed && failed.ExceptionTypes[0] == typeof(MissingKernelFeatureException).FullName
                ? new TestSkipped(failed.Test, failed.Messages[0])
                : message);
    }
}
